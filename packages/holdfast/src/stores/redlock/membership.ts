/**
 * Which servers vote, under which name everybody knows their list, and how many of them make a grant. Two clients with
 * different lists can each have a majority, so every node is under one list and votes for nobody who has another one. While
 * a list is changed there are two, and clients that know both need a majority of each. (docs/protocols/redlock-servers.md)
 */
import { createHash } from 'node:crypto'
import { majorityOf } from './quorum.ts'

/** What all clients must give alike. */
export interface ServerList {
  readonly names: readonly string[]
  readonly maxTtlMs: number
}

export interface Quorum {
  /** So many nodes, whichever they are, have a majority of each list among them. */
  readonly needed: number
  /** The places of the nodes of each list. */
  readonly lists: readonly (readonly number[])[]
}

export interface ServerMembership {
  /** The lists that a node may be under. */
  readonly accepted: readonly string[]
  /** The list that a node without data is put under. */
  readonly own: string
  readonly quorum: Quorum
  /** How long leases may be. */
  readonly leaseMsMax: number
  /** How long any lease of any client may be: for so long a node without data is kept out. */
  readonly keptOutMs: number
}

const ID = /^(?:([0-9a-f]{16}\.\d+)>)?([0-9a-f]{16})\.(\d+)$/
const HASH_LENGTH = 16

/** The name of a list: the same for the same servers in any order. */
export function idOf({ names, maxTtlMs }: ServerList): string {
  return `${hashOf(names)}.${maxTtlMs}`
}

/** The name of the step from one list to another one. */
export function changeOf(from: ServerList, to: ServerList): string {
  return `${idOf(from)}>${idOf(to)}`
}

/** The list, and the list that it is changed from in a step between two. */
export function partsOf(id: string): readonly string[] {
  return id.split('>')
}

/** How long leases may be under a list of these servers, where an id is of one. */
export function maxTtlIn(id: string, names: readonly string[]): number | undefined {
  const part = partsOf(id).find((each) => each.startsWith(`${hashOf(names)}.`))
  return part === undefined ? undefined : Number(ID.exec(part)?.[3])
}

/** `names`: of all nodes, in their order. `from`: the list that is being changed into `to`. */
export function membershipOf(names: readonly string[], to: ServerList, from?: ServerList): ServerMembership {
  const lists = [to, ...(from === undefined ? [] : [from])]
  const keptOutMs = Math.max(...lists.map(({ maxTtlMs }) => maxTtlMs))
  const quorum = quorumOf(
    lists.map((list) => list.names.map((name) => names.indexOf(name))),
    names.length,
  )
  const leaseMsMax = Math.min(...lists.map(({ maxTtlMs }) => maxTtlMs))
  if (from === undefined) return { accepted: [idOf(to)], own: idOf(to), quorum, leaseMsMax, keptOutMs }
  const change = changeOf(from, to)
  return { accepted: [idOf(from), change, idOf(to)], own: change, quorum, leaseMsMax, keptOutMs }
}

export function quorumOf(lists: readonly (readonly number[])[], nodes: number): Quorum {
  const spared = lists.map((list) => list.length - majorityOf(list.length))
  return { lists, needed: nodes - Math.min(...spared) }
}

/** All nodes in one list. */
export function plainQuorum(nodes: number): Quorum {
  return quorumOf([Array.from({ length: nodes }, (_, node) => node)], nodes)
}

/** Whether these nodes could be what somebody holds by: a majority of one of the lists. */
export function isMajority({ lists }: Quorum, has: (node: number) => boolean): boolean {
  return lists.some((list) => list.filter((node) => has(node)).length >= majorityOf(list.length))
}

function hashOf(names: readonly string[]): string {
  return createHash('sha256').update(names.toSorted().join('\n')).digest('hex').slice(0, HASH_LENGTH)
}
