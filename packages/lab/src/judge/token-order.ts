/**
 * T: the tokens of one lock are a strictly increasing counter, gaps allowed. Token order is the only possible
 * linearization of such a counter, so one sweep with the largest token answered so far is exact.
 */
import { byName, type Hold, type Record } from './record.ts'
import type { Violation } from './violation.ts'

export interface Exclusion {
  /** Whether two may hold at once then, as where a store has forgotten the first. @default never */
  readonly mayOverlapAt?: (atNs: number) => boolean
}

export function checkTokenOrder({ holds }: Record, { mayOverlapAt = () => false }: Exclusion = {}): Violation[] {
  return [...byName(holds).values()].flatMap((all) => [
    ...risen(all, 'asked for', (hold) => [hold.callNs, hold.fromNs]),
    // Stronger where holds exclude each other: they have one order even when the requests overlapped. A holder who was
    // stopped before it read its grant begins to hold, by its own record, long after the grant was made.
    ...risen(
      all.filter((hold) => hold.weight === hold.capacity && hold.fromNs < hold.toNs && !mayOverlapAt(hold.fromNs)),
      'held',
      (hold) => [hold.fromNs, hold.toNs],
    ),
    ...repeated(all),
  ])
}

/** One span ended before another began when their moments differ; or when they touch and both last. */
function risen(
  holds: readonly Hold[],
  verb: 'asked for' | 'held',
  spanOf: (hold: Hold) => readonly [number, number],
): Violation[] {
  const byStart = holds.toSorted((a, b) => spanOf(a)[0] - spanOf(b)[0])
  const byEnd = holds.toSorted((a, b) => spanOf(a)[1] - spanOf(b)[1])
  const endedBefore = (done: Hold, hold: Hold): boolean =>
    spanOf(done)[1] < spanOf(hold)[0] || (verb === 'held' && spanOf(done)[1] === spanOf(hold)[0])
  const found: Violation[] = []
  let largest: Hold | undefined
  let ended = 0
  for (const hold of byStart) {
    for (let done = byEnd[ended]; done !== undefined && endedBefore(done, hold); done = byEnd[(ended += 1)]) {
      if (largest === undefined || done.token > largest.token) largest = done
    }
    if (largest !== undefined && largest.token >= hold.token) {
      const text = `token ${hold.token} was ${verb} after token ${largest.token} of ${largest.p} had ended and is not larger`
      found.push({ property: 'T', p: hold.p, k: hold.k, atNs: hold.fromNs, text })
    }
  }
  return found
}

function repeated(holds: readonly Hold[]): Violation[] {
  const owners = new Map<bigint, Hold>()
  return holds.flatMap((hold): Violation[] => {
    const owner = owners.get(hold.token)
    owners.set(hold.token, hold)
    if (owner === undefined) return []
    const text = `token ${hold.token} was given to ${owner.p} and to ${hold.p}`
    return [{ property: 'T', p: hold.p, k: hold.k, atNs: hold.fromNs, text }]
  })
}
