import { describe, expect, test } from 'vitest'
import { NotApplied } from '../../store/errors.ts'
import { type Ballot, ownerOf, takenMs, type Verdict, verdictOf } from './ballot.ts'
import { plainQuorum, quorumOf } from './membership.ts'
import { majorityOf, smallest } from './quorum.ts'

const asked: Ballot = { kind: 'asked' }
const failed: Ballot = { kind: 'failed', error: new NotApplied('not ready') }
const kept = (token: number, raisingTo?: number): Ballot =>
  raisingTo === undefined
    ? { kind: 'kept', token: BigInt(token) }
    : { kind: 'kept', token: BigInt(token), raisingTo: BigInt(raisingTo) }
/** Of nodes that are all in one list. */
const verdict = (ballots: readonly Ballot[]): Verdict => verdictOf(ballots, plainQuorum(ballots.length))
const owner = (ballots: readonly Ballot[]): string | undefined => ownerOf(ballots, plainQuorum(ballots.length))
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
    expect(verdict([kept(7), kept(7), asked])).toEqual({ kind: 'granted', token: 7n })
    expect(verdict([kept(7), kept(7), kept(7), failed, asked])).toEqual({ kind: 'granted', token: 7n })
  })

  test('that does not agree has the highest of all votes as its token, and those below are raised to it', () => {
    expect(verdict([kept(7), kept(9), asked])).toEqual({ kind: 'raise', token: 9n, nodes: [0] })
    expect(verdict([kept(7), kept(8), kept(9), asked, asked])).toEqual({ kind: 'raise', token: 9n, nodes: [0, 1] })
  })

  test('waits for raises that are under way, and asks for a higher one when a late vote is higher', () => {
    expect(verdict([kept(7, 9), kept(9), asked])).toEqual({ kind: 'wait' })
    expect(verdict([kept(7, 9), kept(9), kept(11)])).toEqual({ kind: 'raise', token: 11n, nodes: [0, 1] })
  })

  test('counts a vote that is higher than what the others agree on', () => {
    expect(verdict([kept(7), kept(7), kept(9)])).toMatchObject({ kind: 'raise', token: 9n })
  })
})

describe('without a majority', () => {
  test('nobody is given up on who may still answer', () => {
    expect(verdict([kept(7), asked, busy('a')])).toEqual({ kind: 'wait' })
    expect(verdict([asked, busy('a'), failed, asked])).toEqual({ kind: 'wait' })
  })

  test('one owner with a majority ends it, although others have not answered', () => {
    expect(verdict([busy('a'), busy('a'), asked])).toEqual({ kind: 'lost' })
  })

  test('votes that are split on an even number of nodes end it as soon as all have answered', () => {
    expect(verdict([kept(7), kept(7), busy('a'), busy('a')])).toEqual({ kind: 'lost' })
    expect(verdict([kept(7), busy('b'), busy('a'), busy('a')])).toEqual({ kind: 'lost' })
    expect(owner([kept(7), kept(7), busy('a'), busy('a')])).toBeUndefined()
  })

  test('the lock is free when a majority of the nodes is', () => {
    const ballots = [kept(7), busy('a', 300), busy('a', 200), failed, busy('b', 900)]
    expect(smallest(ballots.map(takenMs), 3)).toBe(300)
    expect(smallest(ballots.map(takenMs), 4)).toBe(900)
    expect(smallest(ballots.map(takenMs), 5)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('while the list of five servers is made of one of three', () => {
  const both = quorumOf(
    [
      [0, 1, 2, 3, 4],
      [0, 1, 2],
    ],
    5,
  )

  test('four votes are a grant, and three are none, whichever they are', () => {
    expect(verdictOf([kept(7), kept(7), kept(7), asked, kept(7)], both)).toEqual({ kind: 'granted', token: 7n })
    expect(verdictOf([kept(7), kept(7), kept(7), failed, failed], both)).toEqual({ kind: 'lost' })
    expect(verdictOf([failed, failed, kept(7), kept(7), kept(7)], both)).toEqual({ kind: 'lost' })
  })

  test('the lock is taken by whoever has a majority of the old list, or of the new one', () => {
    expect(ownerOf([busy('a'), busy('a'), kept(7), kept(7), kept(7)], both)).toBe('a')
    expect(ownerOf([kept(7), kept(7), busy('b'), busy('b'), busy('b')], both)).toBe('b')
    expect(ownerOf([busy('a'), kept(7), kept(7), busy('a'), kept(7)], both)).toBeUndefined()
  })
})
