/** What differs between the rule of Holdfast and those that are wrong: how votes become a grant, and how a node returns. */

/** How a node comes back that lost its data. */
export type Rejoin =
  /** It votes at once, from nothing. */
  | 'at-once'
  /** It reads so many others that every majority is among them and itself, and votes at once from the highest it read. */
  | 'read'
  /**
   * When its clock has passed all tokens it had voted for itself: its votes are never below its clock. The quarantine
   * is longer than that, for the sake of the leases; nothing else of it is needed for the tokens.
   */
  | 'clock'
  /** When every attempt with a vote of before has ended, but from nothing: what a clock set back would do. */
  | 'wait'
  /** The same wait, and then it reads the others: the way without a clock. */
  | 'wait-and-read'

/** How the list of servers is changed. */
export interface ChangeRule {
  /** Whether a node votes only for clients that know the list it is under. */
  readonly compares: boolean
  /** How many votes a client needs that knows both lists, of so many nodes in all. */
  joint(all: number, old: number, changed: number): number
  /** How many nodes of the old list must have left it before the wait begins. */
  leave(old: number): number
  /** Whether the leases and tokens of before are over when the first node comes under the new list. */
  readonly waits: boolean
}

export interface Rule {
  readonly name: string
  /** How many votes a grant needs. */
  needed(nodes: number): number
  readonly change: ChangeRule
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

const ourChange: ChangeRule = {
  compares: true,
  joint: (all, old, changed) => all - Math.min(old - majorityOf(old), changed - majorityOf(changed)),
  leave: (old) => old,
  waits: true,
}

export const ours: Rule = {
  name: 'ours',
  needed: majorityOf,
  change: ourChange,
  verdict: highest,
  raises: true,
  checksOwner: true,
  freshVoteIds: true,
  rejoin: 'clock',
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

export const backAfterRead: Rule = { ...counting, name: 'back after a quorum read', rejoin: 'read' }

export const backAfterWait: Rule = { ...counting, name: 'back after a wait, from nothing', rejoin: 'wait' }

export const readAfterWait: Rule = { ...counting, name: 'back after a wait and a read', rejoin: 'wait-and-read' }

export const listsAreNotCompared: Rule = {
  ...counting,
  name: 'lists are not compared',
  change: { ...ourChange, compares: false },
}

export const majorityOfAll: Rule = {
  ...counting,
  name: 'a majority of both lists together',
  change: { ...ourChange, joint: (all) => majorityOf(all) },
}

export const nodeByNode: Rule = {
  ...counting,
  name: 'one server after the other',
  change: { ...ourChange, leave: () => 1 },
}

export const newListAtOnce: Rule = {
  ...counting,
  name: 'the new list without a wait',
  change: { ...ourChange, waits: false },
}
