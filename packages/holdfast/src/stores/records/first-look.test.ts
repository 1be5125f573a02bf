/** A waiter on an engine that tells of every change looks again only when something was told. */
import { expect, test } from 'vitest'
import { claim } from '../claims.fixture.ts'
import { WaitingClaims } from './waiting-claims.ts'

const queued = { kind: 'queued', ahead: 1, lifeMs: 3_000 } as const
const { id } = claim('n!lock')

test('what was answered holds until a notice comes, or may have been missed, after the ask', () => {
  const waiting = new WaitingClaims()
  expect(waiting.isUnchanged(id)).toBe(false)
  waiting.asking(id)
  waiting.answered(id, queued, 1n)
  expect(waiting.isUnchanged(id)).toBe(true)
  waiting.heard({ resource: 'n!lock', id })
  expect(waiting.isUnchanged(id)).toBe(false)
  waiting.asking(id)
  waiting.heard(undefined)
  waiting.answered(id, queued, 1n)
  expect(waiting.isUnchanged(id)).toBe(false)
})

test('a notice that comes before its answer is not forgotten', () => {
  const waiting = new WaitingClaims()
  waiting.asking(id)
  waiting.heard({ resource: 'n!lock', id })
  waiting.answered(id, queued, 1n)
  expect(waiting.isUnchanged(id)).toBe(false)
})

test('a look answers what was told before it, and neither what comes during it nor what it could not find out', async () => {
  const waiting = new WaitingClaims()
  const news = (): void => waiting.heard({ resource: 'n!lock', id })
  waiting.asking(id)
  waiting.answered(id, queued, 1n)
  news()
  await waiting.during(id, Promise.resolve())
  expect(waiting.isUnchanged(id)).toBe(true)
  const look = waiting.during(id, Promise.resolve())
  news()
  await look
  expect(waiting.isUnchanged(id)).toBe(false)
  await expect(waiting.during(id, Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(waiting.isUnchanged(id)).toBe(false)
})

test('a claim that holds, or was left, is looked for', () => {
  const waiting = new WaitingClaims()
  waiting.asking(id)
  waiting.answered(id, {
    kind: 'held',
    token: 1n,
    lifeMs: 1,
    provisional: false,
    askedAt: { monotonicMs: 0, wallMs: 0 },
  })
  expect(waiting.isUnchanged(id)).toBe(false)
  waiting.asking(id)
  waiting.end(id)
  expect(waiting.isUnchanged(id)).toBe(false)
})
