/** The rule that makes a majority of votes a grant with a token that only ever rises. (docs/redlock-model.md) */
import type { EngineError } from '../redis-driver/errors.ts'
import { isMajority, type Quorum } from './membership.ts'
import type { Vote } from './wire.ts'

/** What an attempt knows of one node. */
export type Ballot =
  | { readonly kind: 'asked' }
  | {
      readonly kind: 'kept'
      readonly token: bigint
      /** The token that it was asked to raise its vote to, without an answer yet. */
      readonly raisingTo?: bigint
    }
  | (Vote & { readonly kind: 'busy' | 'quarantined' | 'unlisted' | 'gone' | 'behind' })
  | { readonly kind: 'failed'; readonly error: EngineError }
  /** Its token is so far ahead that the other nodes would refuse it. */
  | { readonly kind: 'astray'; readonly aheadMs: number }

export type Verdict =
  | { readonly kind: 'granted'; readonly token: bigint }
  /** These nodes voted lower than the highest: ask them to raise their votes. */
  | { readonly kind: 'raise'; readonly token: bigint; readonly nodes: readonly number[] }
  | { readonly kind: 'wait' }
  /** A majority cannot be had any more, and who is in the way is known as far as it will be. */
  | { readonly kind: 'lost' }

/**
 * Granted is the highest token of all counted votes, when a majority has it. Any two majorities have a node in common,
 * and there the later vote was higher than what the earlier grant left behind: so tokens rise in the order of the grants.
 * The highest, not the middle one: with that two grants at the same time can get one token.
 * (docs/protocols/redlock.md#tokens-from-the-servers)
 */
export function verdictOf(ballots: readonly Ballot[], quorum: Quorum): Verdict {
  const { needed } = quorum
  let highest = 0n
  let kept = 0
  let asked = 0
  for (const ballot of ballots) {
    if (ballot.kind === 'asked') asked += 1
    if (ballot.kind !== 'kept') continue
    kept += 1
    if (ballot.token > highest) highest = ballot.token
  }
  if (kept >= needed) {
    const agreed = ballots.filter((ballot) => ballot.kind === 'kept' && ballot.token === highest).length
    if (agreed >= needed) return { kind: 'granted', token: highest }
    const below = ballots.flatMap((ballot, index) =>
      ballot.kind === 'kept' && ballot.token < highest && (ballot.raisingTo ?? 0n) < highest ? [index] : [],
    )
    return below.length > 0 ? { kind: 'raise', token: highest, nodes: below } : { kind: 'wait' }
  }
  if (kept + asked >= needed) return { kind: 'wait' }
  return asked === 0 || ownerOf(ballots, quorum) !== undefined ? { kind: 'lost' } : { kind: 'wait' }
}

/** The claim that has what makes it a holder, by one list or the other. */
export function ownerOf(ballots: readonly Ballot[], quorum: Quorum): string | undefined {
  const owners = new Set(ballots.flatMap((ballot) => (ballot.kind === 'busy' ? [ballot.owner] : [])))
  for (const owner of owners) {
    const isIts = (node: number): boolean => {
      const ballot = ballots[node]
      return ballot?.kind === 'busy' && ballot.owner === owner
    }
    if (isMajority(quorum, isIts)) return owner
  }
  return undefined
}

/** For how long a node is taken, as far as it said. */
export function takenMs(ballot: Ballot): number {
  switch (ballot.kind) {
    case 'kept':
      return 0
    case 'busy':
      return ballot.recheckInMs
    case 'quarantined':
      return ballot.forMs
    default:
      return Number.POSITIVE_INFINITY
  }
}
