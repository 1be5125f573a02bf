/** The rule by which partitions are given out: balanced within one, with the fewest moves, and the same in every process. */
import { Misuse } from '../../store/errors.ts'

/** A member that may own partitions. */
export interface Candidature {
  readonly id: string
  /** How many more partitions it gets than one of share 1. 1 – 100. */
  readonly share: number
}

/** Nothing to be owned by: there is no member. */
export type Owner = string | null

const SHARE_MAX = 100

/** How many partitions a member is to have, and how many it has. */
interface Quota {
  readonly id: string
  /** Its exact part is between this and one more. */
  readonly floor: number
  readonly rest: number
  readonly had: number
}

/**
 * The owner of each partition, from the owners before and the members that are present: none has more than one partition above
 * or below its exact part, and no rule that is as fair moves fewer. Throws `Misuse` for an id twice or a share out of range.
 *
 * @example
 * assign(['a', 'a', 'a', null], [{ id: 'a', share: 1 }, { id: 'b', share: 1 }]) // ['a', 'a', 'b', 'b']
 */
export function assign(before: readonly Owner[], present: readonly Candidature[]): readonly Owner[] {
  checkPresent(present)
  if (present.length === 0) return before.map(() => null)
  const free = targetsOf(before, present)
  const kept = before.map((owner): Owner => {
    const left = owner === null ? 0 : (free.get(owner) ?? 0)
    if (owner === null || left === 0) return null
    free.set(owner, left - 1)
    return owner
  })
  return kept.map((owner) => owner ?? neediest(free))
}

/** How many partitions each is to have. One above the floor goes to those that have it already: it is a move less. */
function targetsOf(before: readonly Owner[], present: readonly Candidature[]): Map<string, number> {
  const shares = present.reduce((sum, { share }) => sum + share, 0)
  const counts = new Map<string, number>()
  for (const owner of before) if (owner !== null) counts.set(owner, (counts.get(owner) ?? 0) + 1)
  const quotas = present.map(({ id, share }): Quota => {
    const floor = Math.floor((before.length * share) / shares)
    return { id, floor, rest: (before.length * share) % shares, had: counts.get(id) ?? 0 }
  })
  const extras = before.length - quotas.reduce((sum, { floor }) => sum + floor, 0)
  const inLine = quotas.filter(({ rest }) => rest > 0).toSorted(byClaimToOneMore)
  const raised = new Set(inLine.slice(0, extras).map(({ id }) => id))
  return new Map(quotas.toSorted(byId).map(({ id, floor }) => [id, floor + (raised.has(id) ? 1 : 0)]))
}

function byClaimToOneMore(one: Quota, other: Quota): number {
  const saves = Number(other.had > other.floor) - Number(one.had > one.floor)
  return saves || other.rest - one.rest || byId(one, other)
}

/** By code units, which no locale changes. */
function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  if (one.id === other.id) return 0
  return one.id < other.id ? -1 : 1
}

/** Takes one for the member that lacks the most, so that neighbours spread. */
function neediest(free: Map<string, number>): Owner {
  let [most, found]: [number, Owner] = [0, null]
  for (const [id, left] of free) if (left > most) [most, found] = [left, id]
  if (found !== null) free.set(found, most - 1)
  return found
}

function checkPresent(present: readonly Candidature[]): void {
  if (new Set(present.map(({ id }) => id)).size < present.length) throw new Misuse('an id is present twice')
  for (const { id, share } of present) {
    if (Number.isInteger(share) && share >= 1 && share <= SHARE_MAX) continue
    throw new Misuse(`share of "${id}" must be a whole number from 1 to ${SHARE_MAX}, got ${String(share)}`)
  }
}
