/**
 * N: the signal of a lease that was not released aborts when the lease ends, at the latest when the process runs
 * again; and a lease that has ended is never extended.
 */
import { byName, type Hold, milliseconds, type Moment, type Record } from './record.ts'
import type { Violation } from './violation.ts'

/** A timer may be this late on a loop that runs. */
const LATE_NS = 1e6

export interface LossTold {
  /** How late a timer may be in a process that is not paused. @default 1 ms */
  readonly lateNs?: number
}

export function checkLossTold({ holds, moments, lengthNs }: Record, { lateNs = LATE_NS }: LossTold = {}): Violation[] {
  const told = new Map<string, number>()
  for (const { f, k, atNs, in: detail } of moments) {
    if (f === 'lost-signal') told.set(`${k} ${String(detail['token'])}`, atNs)
  }
  const pauses = pausesOf(moments)
  const late = holds.flatMap((hold): Violation[] => {
    const { p, k, token, validUntilNs } = hold
    const dueNs = awake(validUntilNs, pauses.get(p) ?? []) + lateNs
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

interface Pause {
  readonly fromNs: number
  toNs: number
}

function pausesOf(moments: readonly Moment[]): Map<string, Pause[]> {
  const pauses = new Map<string, Pause[]>()
  for (const { f, atNs, in: detail } of moments) {
    if (f !== 'nemesis') continue
    const target = String(detail['target'])
    const kind = String(detail['kind'])
    const own = pauses.get(target) ?? []
    pauses.set(target, own)
    // A crash is a pause without an end.
    if (kind === 'pause' || kind === 'crash') own.push({ fromNs: atNs, toNs: Number.POSITIVE_INFINITY })
    // One SIGCONT ends all stops that came before it.
    if (kind === 'resume') for (const pause of own) pause.toNs = Math.min(pause.toNs, atNs)
  }
  return pauses
}

/** The first moment from then on at which the process runs. */
function awake(atNs: number, pauses: readonly Pause[]): number {
  let runsNs = atNs
  for (const { fromNs, toNs } of pauses) if (fromNs <= runsNs && runsNs < toNs) runsNs = toNs
  return runsNs
}
