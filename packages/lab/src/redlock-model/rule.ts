/** What differs between the rule of Holdfast and those that are wrong: how votes become a grant, and how a node returns. */

/** How a node comes back that lost its data. */
export type Rejoin =
  /** It votes at once, from nothing. */
  | 'at-once'
  /** It reads so many others that every majority is among them and itself, and votes at once from the highest it read. */
  | 'quorum-read'
  /**
   * It is quarantined for longer than any attempt lasts and any clock is ahead: whoever has a vote of before has ended,
   * and its clock, which its votes are never below, has passed all tokens that those votes could become.
   */
  | 'quarantine'
  /** The same wait, but then it votes from nothing: what a clock set back would do. */
  | 'quarantine-without-clock'

export interface Rule {
  readonly name: string
  /** How many votes a grant needs. */
  needed(nodes: number): number
  /** The token of the grant, or 0 when these votes make none. */
  verdict(votes: readonly number[], needed: number): number
  /** Whether lower votes are raised to the highest. */
  readonly raises: boolean
  /** Whether a node raises only the vote it keeps. */
  readonly checksOwner: boolean
  /** Whether every attempt has a vote id of its own. */
  readonly freshVoteIds: boolean
  readonly rejoin: Rejoin
  /**
   * `any`: a node may vote for any token above its last, whatever the clocks and the proposals were. `next`: for the
   * next one, as a counter does.
   */
  readonly votes: 'any' | 'next'
}

/** The highest of all votes that are counted, when so many nodes have it. The twin of `verdictOf` in `stores/redlock/ballot.ts`. */
function highest(votes: readonly number[], needed: number): number {
  const top = Math.max(0, ...votes)
  return votes.filter((vote) => vote === top).length >= needed ? top : 0
}

function majorityOf(nodes: number): number {
  return Math.floor(nodes / 2) + 1
}

export const ours: Rule = {
  name: 'ours',
  needed: majorityOf,
  verdict: highest,
  raises: true,
  checksOwner: true,
  freshVoteIds: true,
  rejoin: 'quarantine',
  votes: 'any',
}

/** The rules that are wrong are so already where nodes only count, which makes the shortest traces. */
const counting: Rule = { ...ours, votes: 'next' }

export const naiveMax: Rule = {
  ...counting,
  name: 'naive max',
  verdict: (votes, needed) => (votes.length >= needed ? Math.max(...votes) : 0),
  raises: false,
}

export const median: Rule = {
  ...counting,
  name: 'median',
  verdict(votes, needed) {
    const token = votes.toSorted((one, other) => one - other)[needed - 1] ?? 0
    return votes.filter((vote) => vote >= token).length >= needed ? token : 0
  },
  raises: false,
}

export const oneVoteFewer: Rule = { ...counting, name: 'one vote fewer', needed: (nodes) => majorityOf(nodes) - 1 }

export const raiseAnyVote: Rule = { ...counting, name: 'raise any vote', checksOwner: false }

export const sameVoteId: Rule = { ...counting, name: 'same vote id', freshVoteIds: false }

export const backAtOnce: Rule = { ...counting, name: 'back at once', rejoin: 'at-once' }

export const backAfterRead: Rule = { ...counting, name: 'back after a quorum read', rejoin: 'quorum-read' }

export const clockSetBack: Rule = {
  ...counting,
  name: 'quarantine, clock set back',
  rejoin: 'quarantine-without-clock',
}
