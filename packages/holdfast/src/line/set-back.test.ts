/** An engine's clock that is set back: what is left of a claim is never more than its record allows. */
import { expect, test } from 'vitest'
import { WAITER_LIFE_MS } from '../store/limits.ts'
import type { Line } from './line.ts'
import { at, claim, HOUR_MS, lineOf, ref, scale } from './line.fixture.ts'
import { claimStateOf, enterLine, evictFromLine, isIdle, leaveLine, renewInLine, sweep } from './transition.ts'

/** The line, of which all claims linger. */
function lingeringAfter(line: Line): Line {
  expect(line.claims.map(({ state }) => state)).toEqual(['lingering'])
  return line
}

test('a clock that is set back by an hour keeps a dead lock for its ttl, and no longer', () => {
  const line = lineOf(claim('dead'), claim('next', { ttlMs: 60_000 }))
  const looked = claimStateOf(line, 'dead', at(-HOUR_MS))
  expect(looked).toMatchObject({ kind: 'held', lifeMs: 10_000 })
  expect(claimStateOf(line, 'next', at(-HOUR_MS))).toMatchObject({ recheckInMs: 10_000, lifeMs: WAITER_LIFE_MS })
  const asked = enterLine(line, claim('next'), 'here', at(-HOUR_MS))
  expect(asked.answer).toMatchObject({ kind: 'queued', recheckInMs: 10_000 })
  expect(enterLine(asked.line, claim('next'), 'here', at(10_000 - HOUR_MS)).answer.kind).toBe('held')
})

test('a clock that is set back gives a living holder its ttl from then on, and lets it renew', () => {
  const line = lineOf(claim('a'), claim('b'))
  const renewed = renewInLine(line, ref('a'), 10_000, undefined, at(-HOUR_MS))
  expect(renewed.answer).toMatchObject({ kind: 'held', lifeMs: 10_000 })
  expect(claimStateOf(renewed.line, 'a', at(9_999 - HOUR_MS))).toMatchObject({ kind: 'held', lifeMs: 1 })
})

test.each([
  ['a lock-delay after expiry', lingeringAfter(sweep(lineOf(claim('a', { lockDelayMs: 2_000 })), at(10_500)))],
  [
    'a lock-delay after eviction',
    lingeringAfter(evictFromLine(lineOf(claim('a', { lockDelayMs: 2_000 })), scale, 'x', at(0)).line),
  ],
  ['a minimum hold', lingeringAfter(leaveLine(lineOf(claim('a')), ref('a'), 2_000, at(0)).line)],
])('%s counts no longer than it was set for after a clock that is set back', (_, line) => {
  const { answer } = enterLine(line, claim('b', { queue: false }), 'here', at(-HOUR_MS))
  expect(answer).toEqual({ kind: 'refused', because: 'busy', recheckInMs: 2_000 })
})

test('the words of an eviction are kept no longer than the lease would have lasted, whatever the clock does', () => {
  const line = evictFromLine(lineOf(claim('a')), scale, 'stuck', at(0)).line
  const kept = sweep(line, at(-HOUR_MS))
  expect(claimStateOf(kept, 'a', at(9_999 - HOUR_MS))).toEqual({ kind: 'gone', reason: 'stuck' })
  expect(isIdle(sweep(kept, at(10_000 - HOUR_MS)))).toBe(true)
})

test('a line whose ends are possible is left as it is', () => {
  const line = lineOf(claim('a'), claim('b'))
  expect(sweep(line, at(0))).toBe(line)
})

test('waiting claims that stand as one have the longest of places', () => {
  const [holder] = lineOf(claim('a')).claims
  if (holder === undefined) throw new Error('no holder')
  const bundle = { ...holder, id: '+1', ttlMs: 0, state: 'waiting', count: 7, weight: 7 } as const
  const possible: Line = { lastToken: scale, claims: [holder, { ...bundle, endsAtMs: WAITER_LIFE_MS }] }
  expect(sweep(possible, at(0))).toBe(possible)
  const impossible: Line = { lastToken: scale, claims: [holder, { ...bundle, endsAtMs: HOUR_MS }] }
  expect(sweep(impossible, at(0)).claims[1]?.endsAtMs).toBe(WAITER_LIFE_MS)
})
