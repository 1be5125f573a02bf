/**
 * How fast the demo is played. A lease of a fixed second is a bet on an unknown machine: the first act has no
 * lock, so it measures how late this machine runs while it does the same work, and the acts with a lock go by that.
 */
import type { HistoryEvent } from '@holdfast/testbed/history'

export interface Pace {
  readonly ttlMs: number
  readonly chargeMs: number
  /** The latest answer that the pace is made from; 0 before the first act. */
  readonly lateMs: number
}

const TTL_MS_MIN = 1_500
/** The audience waits for one lease in each act with a pause. A machine later than this loses leases, and the story says so. */
const TTL_MS_MAX = 15_000
/** A lease is renewed at a third of its life, so the machine may be three times as late as it was and loses nothing. */
const LATE_PER_TTL = 10
const CHARGES_PER_TTL = 5
const STEP_MS = 100

export const firstPace: Pace = paceOf(0)

export function paceOf(lateMs: number): Pace {
  const wantedMs = Math.ceil((lateMs * LATE_PER_TTL) / STEP_MS) * STEP_MS
  const ttlMs = Math.min(TTL_MS_MAX, Math.max(TTL_MS_MIN, wantedMs))
  return { ttlMs, chargeMs: ttlMs / CHARGES_PER_TTL, lateMs }
}

/** The most that a charge took beyond what the card company is told to take: two processes, a socket and two timers. */
export function latenessMs(events: readonly HistoryEvent[], chargeMs: number): number {
  const begun = new Map<string, bigint>()
  let worstMs = 0
  for (const { e, f, p, op, t } of events) {
    if (f !== 'charge') continue
    const key = `${p} ${op}`
    if (e === 'call') begun.set(key, BigInt(t))
    const sent = begun.get(key)
    if (e === 'ok' && sent !== undefined) worstMs = Math.max(worstMs, Number(BigInt(t) - sent) / 1e6 - chargeMs)
  }
  return worstMs
}
