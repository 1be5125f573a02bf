/** The rule whose every state is explored (docs/redlock-model.md) is the one that runs: both are asked for all votes there can be. */
import { expect, test } from 'vitest'
import { type Rule, median, ours } from '@holdfast/lab/redlock-model/rule'
import { type Ballot, verdictOf } from './ballot.ts'
import { plainQuorum } from './membership.ts'

const NODES = [3, 4, 5]
/** With three tokens five votes can be all alike, in two groups, in three, and in every order. */
const HIGHEST = 3

/** Of every node a token, or 0 for none that is known. */
function* allVotes(nodes: number): Generator<readonly number[]> {
  if (nodes === 0) return yield []
  for (const votes of allVotes(nodes - 1)) {
    for (let token = 0; token <= HIGHEST; token += 1) yield [...votes, token]
  }
}

function ballotsOf(votes: readonly number[]): readonly Ballot[] {
  return votes.map((token): Ballot => (token === 0 ? { kind: 'asked' } : { kind: 'kept', token: BigInt(token) }))
}

/** Votes of which the rule that runs makes another grant than the rule of the model. */
function differencesFrom(rule: Rule, nodes: number): readonly string[] {
  const differences: string[] = []
  for (const votes of allVotes(nodes)) {
    const verdict = verdictOf(ballotsOf(votes), plainQuorum(nodes))
    const known = votes.filter((token) => token > 0)
    const modelled = rule.verdict(known, rule.needed(nodes))
    const granted = verdict.kind === 'granted' ? Number(verdict.token) : 0
    if (granted !== modelled) differences.push(`${votes.join()}: ${granted}, and ${modelled} in the model`)
  }
  return differences
}

test.each(NODES)('of any votes of %s nodes the model makes the same grant as the store', (nodes) => {
  expect(differencesFrom(ours, nodes)).toEqual([])
})

test('another rule of the model would be told from it', () => {
  expect(differencesFrom(median, 3)).not.toEqual([])
})

test.each(NODES)(
  'of %s nodes those are asked to raise that the model lets raise, to what it lets them raise to',
  (nodes) => {
    for (const votes of allVotes(nodes)) {
      const verdict = verdictOf(ballotsOf(votes), plainQuorum(nodes))
      if (verdict.kind !== 'raise') continue
      const highest = Math.max(...votes)
      expect(votes.filter((token) => token > 0).length).toBeGreaterThanOrEqual(ours.needed(nodes))
      expect(verdict.token, votes.join()).toBe(BigInt(highest))
      const below = votes.flatMap((token, node) => (token > 0 && token < highest ? [node] : []))
      expect(verdict.nodes, votes.join()).toEqual(below)
    }
  },
)

test.each(NODES)('a vote that is being raised stands for what it was, with any votes of %s nodes', (nodes) => {
  for (const votes of allVotes(nodes)) {
    const highest = BigInt(Math.max(...votes))
    const raising = ballotsOf(votes).map((ballot): Ballot =>
      ballot.kind === 'kept' && ballot.token < highest ? { ...ballot, raisingTo: highest } : ballot,
    )
    const modelled = ours.verdict(
      votes.filter((token) => token > 0),
      ours.needed(nodes),
    )
    const verdict = verdictOf(raising, plainQuorum(nodes))
    expect(verdict.kind === 'granted' ? Number(verdict.token) : 0, votes.join()).toBe(modelled)
  }
})
