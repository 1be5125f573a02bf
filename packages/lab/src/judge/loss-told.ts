/**
 * N: the signal of a lease that was not released aborts when the lease ends, at the latest when the process runs
 * again; and a lease that has ended is never extended.
 */
import { Pauses } from './pauses.ts'
import { byName, type Hold, milliseconds, type Moment, type Record } from './record.ts'
import type { Violation } from './violation.ts'

/** A timer may be this late on a loop that runs. */
const LATE_NS = 1e6

export interface LossTold {
  /** How late a timer may be in a process that runs. @default 1 ms */
  readonly lateNs?: number
}

export function checkLossTold({ holds, moments, lengthNs }: Record, { lateNs = LATE_NS }: LossTold = {}): Violation[] {
  const told = new Map<string, number>()
  for (const { f, k, atNs, in: detail } of moments) {
    if (f === 'lost-signal') told.set(`${k} ${String(detail['token'])}`, atNs)
  }
  const pauses = new Pauses(moments)
  const late = holds.flatMap((hold): Violation[] => {
    const { p, k, token, validUntilNs } = hold
    const dueNs = pauses.awake(p, validUntilNs) + lateNs
    if (hold.toNs < validUntilNs || !(dueNs < lengthNs)) return []
    const toldNs = told.get(`${k} ${token}`) ?? Number.POSITIVE_INFINITY
    if (toldNs <= dueNs) return []
    const when = Number.isFinite(toldNs) ? `${milliseconds(toldNs - validUntilNs)} after it ended` : 'never'
    return [
      { property: 'N', p, k, atNs: validUntilNs, text: `the holder of token ${token} was told of the loss ${when}` },
    ]
  })
  const known = new Map(holds.map((hold) => [`${hold.k} ${hold.token}`, hold]))
  return [...late, ...[...byName(moments).values()].flatMap((all) => revived(all, known))]
}

/** The holder believed again after its own clock had said that it was over, or believed what the store knew nothing of. */
function revived(moments: readonly Moment[], known: ReadonlyMap<string, Hold>): Violation[] {
  const told = new Set<string>()
  return moments.flatMap(({ p, f, k, atNs, in: detail }): Violation[] => {
    if (f !== 'lost' && f !== 'wrong-belief' && f !== 'extended') return []
    const token = String(detail['token'])
    const key = `${k} ${token}`
    const hold = known.get(key)
    if (f === 'lost') told.add(key)
    // Who was evicted cannot know at once.
    if (f === 'wrong-belief' && hold !== undefined && atNs <= hold.toNs) {
      return [{ property: 'N', p, k, atNs, text: `token ${token} was believed in and the store knew it no more` }]
    }
    if (f !== 'extended' || !told.has(key) || hold === undefined) return []
    return [{ property: 'N', p, k, atNs, text: `token ${token} was extended after its loss was told` }]
  })
}
