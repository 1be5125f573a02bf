import { describe, expect, test } from 'vitest'
import { NotApplied } from '../../store/errors.ts'
import { type Ballot, ownerOf, takenMs, verdictOf } from './ballot.ts'
import { majorityOf, smallest } from './quorum.ts'

const asked: Ballot = { kind: 'asked' }
const failed: Ballot = { kind: 'failed', error: new NotApplied('not ready') }
const kept = (token: number, raisingTo?: number): Ballot =>
  raisingTo === undefined
    ? { kind: 'kept', token: BigInt(token) }
    : { kind: 'kept', token: BigInt(token), raisingTo: BigInt(raisingTo) }
const busy = (owner: string, recheckInMs = 1_000): Ballot => ({
  kind: 'busy',
  nowUs: 0,
  token: 1n,
  owner,
  recheckInMs,
  place: undefined,
})

test('any two majorities have a node in common', () => {
  for (let nodes = 1; nodes <= 15; nodes += 1) {
    expect(2 * majorityOf(nodes)).toBeGreaterThan(nodes)
    expect(2 * (majorityOf(nodes) - 1)).toBeLessThanOrEqual(nodes)
  }
})

describe('a majority', () => {
  test('that agrees is a grant, whoever is still to answer', () => {
    expect(verdictOf([kept(7), kept(7), asked], 2)).toEqual({ kind: 'granted', token: 7n })
    expect(verdictOf([kept(7), kept(7), kept(7), failed, asked], 3)).toEqual({ kind: 'granted', token: 7n })
  })

  test('that does not agree has the highest of all votes as its token, and those below are raised to it', () => {
    expect(verdictOf([kept(7), kept(9), asked], 2)).toEqual({ kind: 'raise', token: 9n, nodes: [0] })
    expect(verdictOf([kept(7), kept(8), kept(9), asked, asked], 3)).toEqual({ kind: 'raise', token: 9n, nodes: [0, 1] })
  })

  test('waits for raises that are under way, and asks for a higher one when a late vote is higher', () => {
    expect(verdictOf([kept(7, 9), kept(9), asked], 2)).toEqual({ kind: 'wait' })
    expect(verdictOf([kept(7, 9), kept(9), kept(11)], 2)).toEqual({ kind: 'raise', token: 11n, nodes: [0, 1] })
  })

  test('counts a vote that is higher than what the others agree on', () => {
    expect(verdictOf([kept(7), kept(7), kept(9)], 2)).toMatchObject({ kind: 'raise', token: 9n })
  })
})

describe('without a majority', () => {
  test('nobody is given up on who may still answer', () => {
    expect(verdictOf([kept(7), asked, busy('a')], 2)).toEqual({ kind: 'wait' })
    expect(verdictOf([asked, busy('a'), failed, asked], 3)).toEqual({ kind: 'wait' })
  })

  test('one owner with a majority ends it, although others have not answered', () => {
    expect(verdictOf([busy('a'), busy('a'), asked], 2)).toEqual({ kind: 'lost' })
  })

  test('votes that are split on an even number of nodes end it as soon as all have answered', () => {
    expect(verdictOf([kept(7), kept(7), busy('a'), busy('a')], 3)).toEqual({ kind: 'lost' })
    expect(verdictOf([kept(7), busy('b'), busy('a'), busy('a')], 3)).toEqual({ kind: 'lost' })
    expect(ownerOf([kept(7), kept(7), busy('a'), busy('a')], 3)).toBeUndefined()
  })

  test('the lock is free when a majority of the nodes is', () => {
    const ballots = [kept(7), busy('a', 300), busy('a', 200), failed, busy('b', 900)]
    expect(smallest(ballots.map(takenMs), 3)).toBe(300)
    expect(smallest(ballots.map(takenMs), 4)).toBe(900)
    expect(smallest(ballots.map(takenMs), 5)).toBe(Number.POSITIVE_INFINITY)
  })
})
