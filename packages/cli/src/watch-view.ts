/** What `holdfast watch` sees at one moment, and what changed since the moment before. */
import type { ClaimView, LineView, Locks } from 'holdfast'
import type { NamedLine, UnreadableName } from './look.ts'

/** One look. */
export interface View {
  /** Those shown, in the order of the listing. */
  readonly lines: readonly NamedLine[]
  /** Names that cannot be looked at, and why. */
  readonly unreadable: readonly UnreadableName[]
  /** All names that were listed, shown or not, but those that became free since. */
  readonly listed: ReadonlySet<string>
  /** How many of the listed ones are wanted. */
  readonly wanted: number
  /** Whether there are more names than were listed. */
  readonly isCut: boolean
  /** Lines beyond what can be observed: their changes are seen at the next look. */
  readonly polled: number
}

export type ChangeKind = 'held' | 'waiting' | 'lingering' | 'ended' | 'withdrawn' | 'missed'

/** `missed`: the lock was taken and given back between two looks; it has no claim. */
export interface Change {
  readonly kind: ChangeKind
  readonly name: string
  readonly line: LineView
  readonly claim: ClaimView | undefined
  /** Among the waiters, from 1. */
  readonly place: number | undefined
}

/** Names are cheap, so they are counted up to here; more than a person reads, less than a store notices. */
const LISTED_MAX = 1_000
/** A store may answer with short pages. */
const PAGES_MAX = 20

/** One page of names, as a rule. */
export async function namesOf(locks: Locks, prefix: string): Promise<Pick<View, 'listed' | 'isCut'>> {
  const listed = new Set<string>()
  let cursor: string | undefined
  for (let page = 0; page < PAGES_MAX && listed.size < LISTED_MAX; page += 1) {
    const found = await locks.list({ prefix, limit: LISTED_MAX, ...(cursor === undefined ? {} : { cursor }) })
    for (const name of found.names) listed.add(name)
    cursor = found.cursor
    if (cursor === undefined) break
  }
  return { listed, isCut: cursor !== undefined }
}

/** All claims that are there already, for the first look. */
export function changesAtFirst(view: View): readonly Change[] {
  return view.lines.flatMap((named) => newOnes(named, new Map()))
}

/**
 * What happened from one look to the next, name by name. A name that came into view or fell out of it because of the
 * limit is no change; one that was free at either look is.
 */
export function changesBetween(before: View, after: View): readonly Change[] {
  const earlier = new Map(before.lines.map((named) => [named.name, named]))
  const later = new Set(after.lines.map(({ name }) => name))
  const changes: Change[] = []
  for (const named of before.lines) {
    if (later.has(named.name) || after.listed.has(named.name)) continue
    changes.push(...goneOnes(named, new Set()))
  }
  for (const named of after.lines) {
    const old = earlier.get(named.name)
    if (old === undefined && before.listed.has(named.name)) continue
    const ids = new Set(named.line.claims.map(({ id }) => id))
    if (old !== undefined) changes.push(...goneOnes(old, ids))
    const arrived = newOnes(named, new Map(old?.line.claims.map(({ id, state }) => [id, state])))
    if (old !== undefined && isMissed(old.line, named.line)) changes.push(changeOf('missed', named, undefined))
    changes.push(...arrived)
  }
  return changes
}

function newOnes(named: NamedLine, before: ReadonlyMap<string, ClaimView['state']>): readonly Change[] {
  return named.line.claims
    .filter(({ id, state }) => before.get(id) !== state)
    .map((claim) => changeOf(claim.state, named, claim))
}

function goneOnes(named: NamedLine, ids: ReadonlySet<string>): readonly Change[] {
  return named.line.claims
    .filter(({ id }) => !ids.has(id))
    .map((claim) => changeOf(claim.state === 'waiting' ? 'withdrawn' : 'ended', named, claim))
}

/** Tokens rose, and no present claim has the newest one. */
function isMissed(before: LineView, after: LineView): boolean {
  return after.lastToken > before.lastToken && after.claims.every(({ token }) => token !== after.lastToken)
}

function changeOf(kind: ChangeKind, { name, line }: NamedLine, claim: ClaimView | undefined): Change {
  const waiting = line.claims.filter(({ state }) => state === 'waiting')
  const place = claim === undefined ? -1 : waiting.indexOf(claim)
  return { kind, name, line, claim, place: place < 0 ? undefined : place + 1 }
}
