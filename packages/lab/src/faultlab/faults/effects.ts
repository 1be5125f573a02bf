/** How a history shows that a fault was felt. */
import type { Record } from '../../judge/record.ts'
import type { Spell } from './spell.ts'

/** Single steps at the store: a wait in line is long by itself and tells nothing. */
const STEPS = new Set(['enqueue', 'renew', 'open'])
/** A step takes about a millisecond. */
export const SLOW_MS = 50
/** Within this time everybody who held has asked for a renewal, or has reached his own end. */
export const NOTICED_MS = 5_000

/** A step at the store, of this process or of any, failed meanwhile, got no answer, or took long. */
export function felt({ operations }: Record, { fromNs, toNs }: Spell, process?: string): boolean {
  return operations.some(({ p, f, callNs, endNs, outcome }) => {
    if (!STEPS.has(f) || (process !== undefined && p !== process) || callNs >= toNs || endNs < fromNs) return false
    // What got no answer has no end: it counts only where it was sent meanwhile.
    return outcome === 'ok' ? endNs - Math.max(callNs, fromNs) > SLOW_MS * 1e6 : callNs >= fromNs
  })
}

/** Somebody lost a lock soon after. */
export function lossAfter({ moments }: Record, atNs: number): boolean {
  return moments.some((moment) => moment.f === 'lost' && moment.atNs > atNs && moment.atNs < atNs + NOTICED_MS * 1e6)
}

/** For the catalogue, in words. */
export const feltWords: string = `failed, got no answer or took ${SLOW_MS} ms and more`
