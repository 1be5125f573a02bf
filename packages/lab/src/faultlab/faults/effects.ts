/** How a history shows that a fault was felt. */
import { Pauses } from '../../judge/pauses.ts'
import type { Operation, Record } from '../../judge/record.ts'
import { GONE } from '../history/recorded-store.ts'
import type { FaultWindow } from './fault-window.ts'

/** Single steps at the store: a wait in line is long by itself and tells nothing. */
const STEPS = new Set(['enqueue', 'renew', 'open'])
/** A step takes about a millisecond. */
export const SLOW_MS = 50
/** What a fault holds up goes on when it is over, or just before that is written down. */
const NEAR_END_MS = 100

/**
 * A step at the store, of this process or of any, failed meanwhile, got no answer, or was held up until the fault was
 * over. A process that did not run meanwhile was kept waiting by that, and shows nothing.
 */
export function felt(record: Record, window: FaultWindow, process?: string): boolean {
  const pauses = new Pauses(record.moments)
  const { fromNs, toNs } = window
  return record.operations.some((step) => {
    const { p, f, callNs, endNs } = step
    if (!STEPS.has(f) || (process !== undefined && p !== process) || callNs >= toNs || endNs < fromNs) return false
    return isHit(step, window) && !pauses.disturbed(p, callNs, Math.min(endNs, toNs + SLOW_MS * 1e6))
  })
}

function isHit({ outcome, code, callNs, endNs }: Operation, { fromNs, toNs }: FaultWindow): boolean {
  // What got no answer has no end: it counts only where it was sent meanwhile.
  if (outcome !== 'ok' && code !== GONE) return callNs >= fromNs
  return endNs - Math.max(callNs, fromNs) > SLOW_MS * 1e6 && endNs > toNs - NEAR_END_MS * 1e6
}

export function heldAt({ holds }: Record, atNs: number): boolean {
  return holds.some((hold) => hold.fromNs < atNs && hold.toNs > atNs)
}

/** For the catalogue, in words. */
export const feltWords: string = 'failed, got no answer or was held up until it was over'
