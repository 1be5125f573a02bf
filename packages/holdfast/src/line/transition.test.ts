import { expect, test } from 'vitest'
import { emptyLine, type Line, type LineClaim } from './line.ts'
import { at, claim, lineOf, ref, scale } from './line.fixture.ts'
import { PROVISIONAL_LIFE_MS, QUEUE_LENGTH_MAX, WAITER_LIFE_MS } from '../store/limits.ts'
import {
  enterLine,
  evictFromLine,
  isIdle,
  leaveLine,
  nextToken,
  type ClaimState,
  claimStateOf,
  renewInLine,
} from './transition.ts'
import { situationOf } from '../store/standing.ts'

function states(line: Line): string[] {
  return line.claims.map(({ id, state }) => `${id} ${state}`)
}

function held(place: ClaimState): bigint {
  if (place.kind !== 'held') throw new Error(`not held but ${place.kind}`)
  return place.token
}

test('the first claim of a mutex holds with the wall clock as its token', () => {
  const { answer, line } = enterLine(emptyLine, claim('a'), 'here', at(5))
  expect(answer).toEqual({ kind: 'held', token: scale + 5_000n, lifeMs: 10_000, provisional: false })
  expect(line.lastToken).toBe(scale + 5_000n)
})

test('a token rises by one while the clock stands still or is set back, exactly, beyond 2^53 and up to 2^63', () => {
  expect(nextToken(scale, { nowMs: 0, tokenScaleUs: scale - 1_000_000n })).toBe(scale + 1n)
  expect(nextToken(scale, { nowMs: 0, tokenScaleUs: scale })).toBe(scale + 1n)
  expect(nextToken(0n, { nowMs: 0, tokenScaleUs: scale })).toBe(scale)
  for (const last of [2n ** 53n - 2n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 2n]) {
    expect(nextToken(last, { nowMs: 0, tokenScaleUs: 1n })).toBe(last + 1n)
  }
})

test('asking again with the same id answers the same claim and prolongs nothing that is held', () => {
  const first = enterLine(emptyLine, claim('a'), 'here', at(0))
  const again = enterLine(first.line, claim('a'), 'here', at(4_000))
  expect(held(again.answer)).toBe(held(first.answer))
  expect(again.answer).toMatchObject({ lifeMs: 6_000 })
  expect(again.line).toBe(first.line)
})

test('asking again keeps a place in the queue', () => {
  const line = lineOf(claim('a', { ttlMs: 60_000 }), claim('b', { ttlMs: 4_000 }))
  const again = enterLine(line, claim('b', { ttlMs: 4_000 }), 'here', at(3_000))
  expect(again.answer).toMatchObject({ kind: 'queued', ahead: 0, lifeMs: 4_000 })
  expect(states(again.line)).toEqual(['a held', 'b waiting'])
})

test('a claim that would have to wait and may not is refused and leaves no trace', () => {
  const line = lineOf(claim('a'))
  const step = enterLine(line, claim('b', { queue: false }), 'here', at(1_000))
  expect(step.answer).toEqual({ kind: 'refused', because: 'busy', recheckInMs: 9_000 })
  expect(step.line).toBe(line)
  const gap = lineOf(claim('a', { weight: 3, capacity: 5 }), claim('b', { weight: 4, capacity: 5 }))
  expect(enterLine(gap, claim('c', { capacity: 5, queue: false }), 'here', at(0)).answer.kind).toBe('refused')
})

test('a claim with another capacity is refused with the real one, also while the only claim lingers', () => {
  const line = lineOf(claim('a', { capacity: 3 }))
  expect(enterLine(line, claim('b', { capacity: 5 }), 'here', at(0)).answer).toEqual({
    kind: 'refused',
    because: 'capacity',
    capacity: 3,
  })
  const lingering = leaveLine(line, ref('a'), 500, at(0)).line
  expect(enterLine(lingering, claim('b', { capacity: 5 }), 'here', at(0)).answer).toMatchObject({ because: 'capacity' })
  expect(enterLine(lingering, claim('b', { capacity: 5 }), 'here', at(500)).answer.kind).toBe('held')
})

test('a full queue refuses the next one and takes it again once somebody left', () => {
  const waiter = (index: number): LineClaim => ({
    ...claim(`w${index}`),
    channel: 'here',
    state: 'waiting',
    endsAtMs: 20_000,
  })
  const [holder] = lineOf(claim('a')).claims
  if (holder === undefined) throw new Error('no holder')
  const full: Line = {
    lastToken: scale,
    claims: [holder, ...Array.from({ length: QUEUE_LENGTH_MAX }, (_, index) => waiter(index))],
  }
  expect(enterLine(full, claim('late'), 'here', at(0)).answer).toEqual({ kind: 'refused', because: 'full' })
  const shorter = leaveLine(full, ref('w5'), 0, at(0)).line
  expect(enterLine(shorter, claim('late'), 'here', at(0)).answer).toMatchObject({
    kind: 'queued',
    ahead: QUEUE_LENGTH_MAX - 1,
  })
})

test('a leave hands over to the next, with a higher token and a short first life, and tells it', () => {
  const line = lineOf(claim('a'), claim('b'), claim('c'))
  const step = leaveLine(line, ref('a'), 0, at(1_000))
  expect(step.answer).toBe('left')
  expect(states(step.line)).toEqual(['b held', 'c waiting'])
  expect(step.notify.map(({ id }) => id)).toEqual(['b', 'c'])
  const place = claimStateOf(step.line, 'b', at(1_000))
  expect(place).toMatchObject({ provisional: true, lifeMs: PROVISIONAL_LIFE_MS })
  expect(held(place)).toBeGreaterThan(line.lastToken)
})

test('a renewal ends the first, short life of a grant', () => {
  const line = leaveLine(lineOf(claim('a'), claim('b')), ref('a'), 0, at(0)).line
  const step = renewInLine(line, ref('b'), 10_000, undefined, at(250))
  expect(step.answer).toMatchObject({ kind: 'held', lifeMs: 10_000, provisional: false })
})

test('a grant that nobody renews goes to the next after its short first life', () => {
  const line = leaveLine(lineOf(claim('a'), claim('b'), claim('c')), ref('a'), 0, at(0)).line
  expect(renewInLine(line, ref('c'), 10_000, undefined, at(PROVISIONAL_LIFE_MS)).answer.kind).toBe('held')
})

test('a leave with a wrong token, or of an id that never arrived, changes nothing', () => {
  const line = lineOf(claim('a'))
  for (const other of [ref('a', 7n), ref('x'), ref('x', 7n)]) {
    const step = leaveLine(line, other, 0, at(1))
    expect(step).toEqual({ line, answer: 'gone', notify: [] })
    expect(step.line).toBe(line)
  }
})

test('a waiting claim has no token yet, so a ref with one is not about it', () => {
  const line = lineOf(claim('a'), claim('b'))
  expect(leaveLine(line, ref('b', 7n), 0, at(1)).answer).toBe('gone')
  expect(renewInLine(line, ref('b', 7n), 10_000, undefined, at(1)).answer.kind).toBe('gone')
  expect(claimStateOf(line, 'b', at(1), 7n).kind).toBe('gone')
})

test('a renewal with a wrong token is gone, even though a late duplicate lives under the same id', () => {
  const first = enterLine(emptyLine, claim('a'), 'here', at(0))
  const token = held(first.answer)
  const left = leaveLine(first.line, ref('a', token), 0, at(1)).line
  const duplicate = enterLine(left, claim('a'), 'here', at(2))
  expect(held(duplicate.answer)).toBeGreaterThan(token)
  expect(renewInLine(duplicate.line, ref('a', token), 10_000, undefined, at(3)).answer).toEqual({ kind: 'gone' })
  expect(claimStateOf(duplicate.line, 'a', at(3), token)).toEqual({ kind: 'gone' })
})

test('an expired claim cannot be renewed and cannot leave', () => {
  const line = lineOf(claim('a'))
  expect(renewInLine(line, ref('a'), 10_000, undefined, at(9_999)).answer.kind).toBe('held')
  expect(renewInLine(line, ref('a'), 10_000, undefined, at(10_000)).answer).toEqual({ kind: 'gone' })
  expect(leaveLine(line, ref('a'), 0, at(10_000)).answer).toBe('gone')
  expect(claimStateOf(line, 'a', at(10_000)).kind).toBe('gone')
})

test('after expiry the weight counts on for the lock-delay, and a late leave cannot cut it short', () => {
  const line = lineOf(claim('a', { lockDelayMs: 5_000 }), claim('b', { ttlMs: 60_000 }))
  const late = leaveLine(line, ref('a'), 0, at(11_000))
  expect(late.answer).toBe('gone')
  expect(states(late.line)).toEqual(['a lingering', 'b waiting'])
  expect(claimStateOf(late.line, 'b', at(11_000))).toMatchObject({ recheckInMs: 4_000 })
  expect(enterLine(late.line, claim('a'), 'here', at(12_000)).answer.kind).toBe('gone')
  expect(enterLine(late.line, claim('b'), 'here', at(14_999)).answer.kind).toBe('queued')
  expect(enterLine(late.line, claim('b'), 'here', at(15_000)).answer.kind).toBe('held')
})

test('a release in time has no lock-delay', () => {
  const line = lineOf(claim('a', { lockDelayMs: 5_000 }), claim('b'))
  expect(states(leaveLine(line, ref('a'), 0, at(9_000)).line)).toEqual(['b held'])
})

test('a claim that left inside its minimum hold counts until that is over, and is gone for its owner', () => {
  const line = leaveLine(
    lineOf(claim('a', { lockDelayMs: 9_000 }), claim('b', { ttlMs: 60_000 })),
    ref('a'),
    2_000,
    at(1_000),
  ).line
  expect(states(line)).toEqual(['a lingering', 'b waiting'])
  expect(renewInLine(line, ref('a'), 10_000, undefined, at(1_500)).answer).toEqual({ kind: 'gone' })
  expect(leaveLine(line, ref('a'), 0, at(1_500)).answer).toBe('gone')
  expect(states(enterLine(line, claim('b'), 'here', at(3_000)).line)).toEqual(['b held'])
})

test('a waiter leaves at once, whatever minimum hold it asks for', () => {
  expect(states(leaveLine(lineOf(claim('a'), claim('b')), ref('b'), 9_000, at(0)).line)).toEqual(['a held'])
})

test('a waiter that does not renew is dropped, after its ttl within bounds', () => {
  const line = lineOf(claim('a', { ttlMs: 60_000 }), claim('short', { ttlMs: 100 }), claim('long', { ttlMs: 60_000 }))
  expect(claimStateOf(line, 'short', at(PROVISIONAL_LIFE_MS - 1)).kind).toBe('queued')
  expect(claimStateOf(line, 'short', at(PROVISIONAL_LIFE_MS)).kind).toBe('gone')
  expect(claimStateOf(line, 'long', at(WAITER_LIFE_MS - 1)).kind).toBe('queued')
  expect(claimStateOf(line, 'long', at(WAITER_LIFE_MS)).kind).toBe('gone')
})

test('a dropped waiter in front makes the next one the head, and it is told', () => {
  const line = lineOf(claim('a', { ttlMs: 60_000 }), claim('b', { ttlMs: 100 }), claim('c', { ttlMs: 60_000 }))
  const step = leaveLine(line, ref('nobody'), 0, at(5_000))
  expect(states(step.line)).toEqual(['a held', 'c waiting'])
  expect(step.notify.map(({ id }) => id)).toEqual(['c'])
  expect(claimStateOf(step.line, 'c', at(5_000))).toMatchObject({ ahead: 0, recheckInMs: 55_000 })
})

test('only the head is told when to look again', () => {
  const line = lineOf(claim('a'), claim('b'), claim('c'))
  expect(claimStateOf(line, 'b', at(0))).toEqual({ kind: 'queued', ahead: 0, recheckInMs: 10_000, lifeMs: 10_000 })
  expect(claimStateOf(line, 'c', at(0))).toEqual({ kind: 'queued', ahead: 1, lifeMs: 10_000 })
})

test('an eviction needs the token, hands over, and its words reach the holder', () => {
  const line = lineOf(claim('a'), claim('b'))
  expect(evictFromLine(line, 7n, 'stuck', at(1)).answer).toBe('gone')
  const step = evictFromLine(line, line.lastToken, 'stuck since noon', at(1))
  expect(step.answer).toBe('evicted')
  expect(step.notify.map(({ id }) => id)).toEqual(['b', 'a'])
  expect(claimStateOf(step.line, 'b', at(1)).kind).toBe('held')
  expect(claimStateOf(step.line, 'a', at(1))).toEqual({ kind: 'gone', reason: 'stuck since noon' })
  expect(renewInLine(step.line, ref('a'), 10_000, undefined, at(2)).answer).toEqual({
    kind: 'gone',
    reason: 'stuck since noon',
  })
  expect(leaveLine(step.line, ref('a'), 0, at(2)).answer).toBe('gone')
})

test('an eviction has the lock-delay that expiry would have had', () => {
  const line = lineOf(claim('a', { lockDelayMs: 2_000 }), claim('b', { ttlMs: 60_000 }))
  const step = evictFromLine(line, line.lastToken, 'stuck', at(0))
  expect(states(step.line)).toEqual(['a lingering', 'b waiting'])
  expect(states(enterLine(step.line, claim('b'), 'here', at(2_000)).line)).toEqual(['b held'])
})

test('an evicted claim weighs nothing and does not fix the capacity', () => {
  const line = evictFromLine(lineOf(claim('a')), scale, 'stuck', at(0)).line
  expect(enterLine(line, claim('b', { capacity: 4, weight: 4 }), 'here', at(1)).answer.kind).toBe('held')
})

test('a note is replaced by a renewal that brings one, and stays when it brings none', () => {
  const line = lineOf(claim('a', { note: 'first' }))
  const noted = renewInLine(line, ref('a'), 10_000, 'second', at(1)).line
  expect(noted.claims[0]?.note).toBe('second')
  expect(renewInLine(noted, ref('a'), 10_000, undefined, at(2)).line.claims[0]?.note).toBe('second')
  expect(renewInLine(noted, ref('a'), 10_000, '', at(2)).line.claims[0]?.note).toBe('')
})

test('a renewal may ask for another life', () => {
  const line = renewInLine(lineOf(claim('a')), ref('a'), 500, undefined, at(0)).line
  expect(claimStateOf(line, 'a', at(499)).kind).toBe('held')
  expect(claimStateOf(line, 'a', at(500)).kind).toBe('gone')
})

test('a leave that frees enough lets several in, in line order, and stops at the first that does not fit', () => {
  const of = (id: string, weight: number) => claim(id, { weight, capacity: 4 })
  const line = lineOf(of('writer', 4), of('r1', 1), of('r2', 2), of('big', 3), of('r3', 1))
  const step = leaveLine(line, ref('writer'), 0, at(0))
  expect(states(step.line)).toEqual(['r1 held', 'r2 held', 'big waiting', 'r3 waiting'])
  const tokens = step.line.claims.flatMap((each) => (each.state === 'held' ? [each.token] : []))
  expect(tokens).toEqual([line.lastToken + 1n, line.lastToken + 2n])
})

test('a line nobody stands in is idle and keeps its last token', () => {
  const line = lineOf(claim('a'))
  const left = leaveLine(line, ref('a'), 0, at(0)).line
  expect([isIdle(line), isIdle(left)]).toEqual([false, true])
  expect(left.lastToken).toBe(line.lastToken)
})

test('a situation says whether there is news for the claim', () => {
  const queued = [0, 4].map((ahead) => situationOf({ kind: 'queued', ahead }))
  expect([...queued, situationOf({ kind: 'gone' })]).toEqual(['head', 'queued', 'gone'])
})
