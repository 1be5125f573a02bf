/** What is explored, and what must come of it: that the rule holds proves little unless the wrong ones are found out. */
import type { Exploration } from './explorer.ts'
import type { Property } from './properties.ts'
import {
  backAfterRead,
  backAtOnce,
  backAfterWait,
  listsAreNotCompared,
  majorityOfAll,
  median,
  naiveMax,
  newListAtOnce,
  nodeByNode,
  oneVoteFewer,
  ours,
  raiseAnyVote,
  readAfterWait,
  type Rule,
  sameVoteId,
} from './rule.ts'
import type { Bounds, Knows } from './shape.ts'

export interface Case {
  readonly rule: Rule
  readonly bounds: Bounds
  /** The property that must be found broken; nothing when the rule must hold. */
  readonly breaks?: Property
}

const small: Bounds = { nodes: 3, clients: 2, attempts: 1, asks: 2, wipes: 0, resends: 0 }
const withWipe: Bounds = { ...small, wipes: 1 }
/** A driver sends one question twice. */
const sentTwice: Bounds = { ...small, resends: 1 }
/** One of the clients gives its first attempt up, or ends it, and asks again. */
const asksAgain: Bounds = { ...small, attempts: 2, asks: 3 }

const replaced = { kept: 2, removed: 1, added: 1 } as const
const grown = { kept: 3, removed: 0, added: 2 } as const

function changing(list: typeof replaced | typeof grown, ...clients: readonly Knows[]): Bounds {
  const nodes = list.kept + list.removed + list.added
  return { ...small, nodes, clients: clients.length, asks: clients.length, change: { ...list, clients } }
}

/** Explored completely by every test run. */
export const cases: readonly Case[] = [
  { rule: ours, bounds: small },
  { rule: { ...ours, votes: 'next' }, bounds: asksAgain },
  { rule: ours, bounds: withWipe },
  { rule: { ...ours, votes: 'next' }, bounds: withWipe },
  { rule: ours, bounds: sentTwice },
  { rule: { ...ours, votes: 'next' }, bounds: { ...sentTwice, wipes: 1 } },
  { rule: readAfterWait, bounds: withWipe },
  { rule: naiveMax, bounds: small, breaks: 'U' },
  { rule: median, bounds: { ...small, clients: 3, asks: 3 }, breaks: 'U' },
  { rule: oneVoteFewer, bounds: small, breaks: 'U' },
  { rule: raiseAnyVote, bounds: small, breaks: 'U' },
  { rule: sameVoteId, bounds: asksAgain, breaks: 'R' },
  { rule: backAtOnce, bounds: withWipe, breaks: 'U' },
  { rule: backAfterRead, bounds: withWipe, breaks: 'U' },
  { rule: backAfterWait, bounds: withWipe, breaks: 'U' },
  { rule: ours, bounds: changing(replaced, 'old', 'new') },
  { rule: { ...ours, votes: 'next' }, bounds: changing(replaced, 'old', 'both') },
  { rule: { ...ours, votes: 'next' }, bounds: changing(replaced, 'both', 'new') },
  { rule: { ...ours, votes: 'next' }, bounds: changing(grown, 'old', 'new') },
  { rule: listsAreNotCompared, bounds: changing(replaced, 'old', 'new'), breaks: 'U' },
  { rule: listsAreNotCompared, bounds: changing(grown, 'old', 'new'), breaks: 'U' },
  { rule: nodeByNode, bounds: changing(replaced, 'old', 'new'), breaks: 'U' },
  { rule: nodeByNode, bounds: changing(grown, 'old', 'new'), breaks: 'U' },
  { rule: newListAtOnce, bounds: changing(replaced, 'old', 'new'), breaks: 'U' },
  { rule: newListAtOnce, bounds: changing(grown, 'old', 'new'), breaks: 'U' },
  { rule: majorityOfAll, bounds: changing(grown, 'old', 'both'), breaks: 'U' },
]

/** Started by hand; it takes as long as it is given. */
export const deepCases: readonly Case[] = [
  { rule: { ...ours, votes: 'next' }, bounds: { ...asksAgain, wipes: 1 } },
  { rule: { ...ours, votes: 'next' }, bounds: { ...asksAgain, resends: 1 } },
  { rule: { ...ours, votes: 'next' }, bounds: { ...small, clients: 3, asks: 3 } },
  { rule: { ...ours, votes: 'next' }, bounds: { ...small, nodes: 5 } },
  { rule: ours, bounds: { ...small, wipes: 2 } },
  { rule: ours, bounds: asksAgain },
  { rule: ours, bounds: { ...small, clients: 3, asks: 3 } },
  { rule: ours, bounds: { ...small, nodes: 5 } },
  { rule: { ...ours, votes: 'next' }, bounds: changing(grown, 'old', 'both') },
  { rule: { ...ours, votes: 'next' }, bounds: changing(grown, 'both', 'new') },
  { rule: { ...ours, votes: 'next' }, bounds: changing(replaced, 'both', 'both') },
  { rule: { ...ours, votes: 'next' }, bounds: changing(replaced, 'old', 'both', 'new') },
]

export const heading: readonly string[] = [
  '| rule | a node votes | nodes | clients | attempts | sent twice | wipes | states | result |',
  '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
]

/** The same for the same sources, on every machine. */
export function rowOf({ rule, bounds }: Case, exploration: Exploration): string {
  const { asks, resends, wipes } = bounds
  const votes = rule.votes === 'any' ? 'any higher token' : 'the next token'
  const states = exploration.states.toLocaleString('en-US')
  return `| ${[rule.name, votes, nodesIn(bounds), clientsIn(bounds), asks, resends, wipes, states, resultOf(exploration)].join(' | ')} |`
}

export function nodesIn({ nodes, change }: Bounds): string {
  if (change === undefined) return String(nodes)
  const { kept, removed, added } = change
  return `${kept + removed} to ${kept + added}, ${kept} stay`
}

export function clientsIn({ clients, change }: Bounds): string {
  return change === undefined ? String(clients) : `${clients}: ${change.clients.join(', ')}`
}

function resultOf({ violation, stoppedBy }: Exploration): string {
  if (violation !== undefined) return `${violation.property} is broken`
  return stoppedBy === undefined
    ? 'complete, no violation'
    : `no violation, not complete: limit of ${stoppedBy} reached`
}

/** Whether it came out as it must. What was stopped has shown nothing, neither good nor bad. */
export function isExpected({ breaks }: Case, { violation, stoppedBy }: Exploration): boolean {
  return violation?.property === breaks && (breaks === undefined || stoppedBy === undefined)
}
