import { expect, test } from 'vitest'
import { stampOf } from '../time/clock.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { ServerClock } from './server-clock.ts'

test('an event on the server is placed by an earlier answer, never later than it was', async () => {
  const clock = virtualClock()
  const server = new ServerClock(clock)
  const askedAt = stampOf(clock)
  await clock.advance(40)
  // The answer was made 30 ms after it was asked for, which cannot be known here.
  server.note(askedAt, 1_000_000)
  await clock.advance(5_000)
  const event = server.stampAt(1_000_000 + 2_000_000)
  expect(event).toEqual({ monotonicMs: askedAt.monotonicMs + 2_000, wallMs: askedAt.wallMs + 2_000 })
})

test('an event that would lie in the future is not placed: the clock of the server was set forward', async () => {
  const clock = virtualClock()
  const server = new ServerClock(clock)
  server.note(stampOf(clock), 1_000_000)
  await clock.advance(100)
  expect(server.stampAt(1_000_000 + 100_000)).toBeDefined()
  expect(server.stampAt(1_000_000 + 10_000_000)).toBeUndefined()
})

test('the answer that was asked for last counts, whichever comes last', async () => {
  const clock = virtualClock()
  const server = new ServerClock(clock)
  const first = stampOf(clock)
  await clock.advance(1_000)
  const second = stampOf(clock)
  server.note(second, 2_000_000)
  server.note(first, 1_500_000)
  expect(server.stampAt(2_000_000)?.monotonicMs).toBe(second.monotonicMs)
})

test('nothing is known before the first answer, and after the connection was lost', () => {
  const clock = virtualClock()
  const server = new ServerClock(clock)
  expect(server.stampAt(1)).toBeUndefined()
  server.note(stampOf(clock), 1_000_000)
  server.forget()
  expect(server.stampAt(1_000_000)).toBeUndefined()
})
