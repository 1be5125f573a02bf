/**
 * Whether the nodes are under the list of servers that this client was given. A client that has another list could find a
 * majority of its own, so it is refused when it opens; and when the list is changed later, by the nodes and by itself.
 */
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import type { Marker } from './data-markers.ts'
import { MAX_TTL_MS_DEFAULT } from './limits.ts'
import { idOf, maxTtlIn, type ServerMembership, membershipOf, partsOf, type ServerList } from './membership.ts'

/** What the caller gave. Without `maxTtlMs` it is what the servers have been told before. */
export interface GivenList {
  readonly names: readonly string[]
  readonly maxTtlMs: number | undefined
}

export interface GivenLists {
  /** All nodes, in their order. */
  readonly names: readonly string[]
  readonly to: GivenList
  /** The list that is being changed. */
  readonly from: GivenList | undefined
}

/** How to go on. */
const HOW = 'docs/redlock.md, "Changing the servers"'

/** The lists with the longest lease of each, as the nodes have it where the caller said nothing. */
export function listsOf(
  { to, from }: Pick<GivenLists, 'to' | 'from'>,
  markers: readonly (Marker | undefined)[],
): { readonly to: ServerList; readonly from: ServerList | undefined } {
  const known = (names: readonly string[]): number | undefined => {
    for (const marker of markers) {
      const maxTtlMs = marker === undefined ? undefined : maxTtlIn(marker.list, names)
      if (maxTtlMs !== undefined) return maxTtlMs
    }
    return undefined
  }
  const fromMs = from === undefined ? undefined : (from.maxTtlMs ?? known(from.names) ?? MAX_TTL_MS_DEFAULT)
  const toMs = to.maxTtlMs ?? known(to.names) ?? fromMs ?? MAX_TTL_MS_DEFAULT
  return {
    to: { names: to.names, maxTtlMs: toMs },
    from: from === undefined || fromMs === undefined ? undefined : { names: from.names, maxTtlMs: fromMs },
  }
}

export interface Agreement extends ServerMembership {
  readonly generation: number
  /** The places of nodes that are under an older list: they were away when it was changed. */
  readonly behind: readonly number[]
}

/** Throws when the nodes that answer are not under a list of this client. Not for a first start. */
export function agreementOf(given: GivenLists, markers: readonly (Marker | undefined)[]): Agreement {
  const { to, from } = listsOf(given, markers)
  const membership = membershipOf(given.names, to, from)
  const listed = markers.flatMap((marker, node) =>
    marker === undefined || marker.list === '' ? [] : [{ marker, node }],
  )
  const isOurs = ({ list }: Marker): boolean => membership.accepted.includes(list)
  const ours = listed.filter(({ marker }) => isOurs(marker))
  const generation = Math.max(0, ...ours.map(({ marker }) => marker.generation))
  const conflict = listed.find(({ marker }) => !isOurs(marker) && !isTolerable(membership, generation, marker))
  if (conflict !== undefined) throw otherList(given, to, conflict.node, conflict.marker)
  if (ours.length === 0) throw nobodyKnows(given, markers)
  const latest = ours.find(({ marker }) => marker.generation === generation)?.marker.list ?? membership.own
  return {
    ...membership,
    // A client that knows both lists puts no node back under the old one.
    own: from !== undefined && latest === idOf(from) ? membership.own : latest,
    generation,
    behind: listed.flatMap(({ marker, node }) => (isOurs(marker) ? [] : [node])),
  }
}

/** The node has been put under a step that begins or ends with our list; or it missed what the others have done since. */
function isTolerable({ accepted }: ServerMembership, generation: number, { list, ...marker }: Marker): boolean {
  if (marker.generation < generation) return true
  return marker.generation === generation && partsOf(list).some((part) => accepted.includes(part))
}

/** Whether an answer says that this client is not of the list of today any more, and for good. */
export function isOutdated(agreement: Agreement, list: string, generation: number): boolean {
  if (generation < agreement.generation) return false
  return generation > agreement.generation || !partsOf(list).some((part) => agreement.accepted.includes(part))
}

export function outdated(words: string): StoreUnavailable {
  return new StoreUnavailable(
    `the list of servers of this Redlock was changed, and this client was opened with another one: ${words}. Open it anew ` +
      `with the new list (${HOW})`,
    { isFinal: true },
  )
}

function otherList({ names }: GivenLists, to: ServerList, node: number, { words, list }: Marker): Misuse {
  const theirs = words === '' ? `the list ${list}` : words
  return new Misuse(
    `${names[node]} belongs to a Redlock of other servers, or with another maxTtl: ${theirs}. This client has ` +
      `${wordsOf(to)}. Two clients with different lists could both hold a lock, so give all of them the same, under the ` +
      `same names. To change the list, see ${HOW}`,
  )
}

/** Two clients with different lists began at the same moment. */
export function begunTwice(names: readonly string[]): Misuse {
  return new Misuse(
    `${names.join(', ')} were put under another list of servers while this client put the others under its own: give all ` +
      `clients the same list, and begin anew with "holdfast redlock start" (${HOW})`,
  )
}

export function nothingToChange(): Misuse {
  return new Misuse('no server is under any list yet, so there is none to change: leave out `from`')
}

function nobodyKnows({ names }: GivenLists, markers: readonly (Marker | undefined)[]): StoreUnavailable {
  const missing = names.filter((_, node) => markers[node] === undefined)
  const blank = names.filter((_, node) => markers[node] !== undefined)
  return new StoreUnavailable(
    `${blank.join(', ')} know nothing of this Redlock, and ${missing.join(', ')} cannot be asked. It is a first start only ` +
      'when all servers are there, because of those that know nothing nobody can tell what they have forgotten. ' +
      'holdfast redlock start begins anew with the servers that are there',
  )
}

/** For people, and for the nodes to tell others. */
export function wordsOf({ names, maxTtlMs }: ServerList): string {
  return `${names.toSorted().join(', ')} with a maxTtl of ${maxTtlMs} ms`
}
