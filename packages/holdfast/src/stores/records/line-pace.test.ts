import { expect, test } from 'vitest'
import { virtualClock } from '../../testing/index.ts'
import type { Line } from '../../line/line.ts'
import { LinePace } from './line-pace.ts'

function lineOf(lastToken: bigint, waiters: number): Line {
  const common = {
    weight: 1,
    capacity: 1,
    ttlMs: 1_000,
    lockDelayMs: 0,
    note: '',
    owner: '',
    channel: '',
    endsAtMs: 9e15,
  }
  const held = { ...common, id: 'holder', state: 'held', token: lastToken, provisional: false } as const
  const waiting = Array.from(
    { length: waiters },
    (_, index) => ({ ...common, id: `w${index}`, state: 'waiting' }) as const,
  )
  return { lastToken, claims: [held, ...waiting] }
}

test('a waiter looks the sooner the fewer stand before it, and less and less while nobody is granted', async () => {
  const clock = virtualClock()
  const pace = new LinePace(clock)
  const looks = (token: bigint): readonly number[] =>
    [0, 1, 4].map((index) => pace.recheckInMs(lineOf(token, 5), `w${index}`))
  expect(looks(1n)).toEqual([1, 10, 40])
  await clock.advance(2_000)
  expect(looks(1n)).toEqual([500, 500, 500])
  expect(looks(2n)).toEqual([1, 10, 40])
})
