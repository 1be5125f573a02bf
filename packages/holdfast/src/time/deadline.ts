/**
 * When a holder must stop believing in its lease. One function, used for a grant, a renewal and a pushed grant
 * (docs/protocols/time.md, where the proof stands).
 */
import type { Clock, Stamp } from './clock.ts'

/** A lease is valid only while both clocks say so: the monotonic one does not see a suspended machine, the wall clock may step. */
export interface Deadline {
  readonly monotonicMs: number
  readonly wallMs: number
}

/** Oscillators differ by less than 0.05 %; the rest of the margin is for timers that fire late. */
const DRIFT_SHARE = 0.01
const MARGIN_MS_MIN = 2

export function marginMs(lifeMs: number): number {
  return Math.max(MARGIN_MS_MIN, lifeMs * DRIFT_SHARE)
}

/** The store judged at some time after `askedAt`, so it keeps the claim at least until `askedAt + lifeMs`. */
export function deadlineOf(askedAt: Stamp, lifeMs: number): Deadline {
  const usableMs = lifeMs - marginMs(lifeMs)
  return { monotonicMs: askedAt.monotonicMs + usableMs, wallMs: askedAt.wallMs + usableMs }
}

/** What is left, by the clock that leaves less; negative once it has passed. */
export function remainingMs(deadline: Deadline, clock: Clock): number {
  return Math.min(deadline.monotonicMs - clock.monotonicMs(), deadline.wallMs - clock.wallMs())
}
