/**
 * What stands in a line under another clock (epoch.ts). Whether its claims are over cannot be read, so each gets a whole
 * life from now: nobody who lives loses anything, and what is dead is over then.
 */
import { type Moment, sweep } from '../../line/transition.ts'
import { WAITER_LIFE_MS } from '../../store/limits.ts'
import type { LineRecord } from '../records/engine.ts'
import { decodeRecord, encodeRecord } from '../records/record.ts'
import { LINES_IN_USE, RESTART_ALL_WAITERS, REWRITE_LINE } from './rare-statements.ts'
import type { Prepare } from './statements.ts'

/** Observers come again by themselves. Waiters that are rows get the longest of places, which a step cuts to their own. */
export function translated({ line, waiters }: LineRecord, now: Moment): LineRecord {
  const endless = line.claims.map((claim) => ({ ...claim, endsAtMs: Number.POSITIVE_INFINITY }))
  const record: LineRecord = { line: sweep({ ...line, claims: endless }, now), observers: [] }
  const endsAtMs = placeEndsAtMs(now)
  return waiters === undefined ? record : { ...record, waiters: { ...waiters, endsAtMs, lastEndsAtMs: endsAtMs } }
}

/** Of a waiter under another clock. */
export function placeEndsAtMs({ nowMs }: Moment): number {
  return nowMs + WAITER_LIFE_MS
}

/** Inside a transaction: every line of the file, so that all lives begin to run out together. */
export function translateAll(prepare: Prepare, generation: bigint, now: Moment): void {
  for (const { resource = null, token, record } of prepare(LINES_IN_USE).all()) {
    const before = decodedIfSound(String(record), token as bigint)
    if (before !== undefined) prepare(REWRITE_LINE).run(generation, encodeRecord(translated(before, now)), resource)
  }
  prepare(RESTART_ALL_WAITERS).run(placeEndsAtMs(now))
}

/** A damaged line stays as it is, for its users to be told. */
function decodedIfSound(record: string, token: bigint): LineRecord | undefined {
  try {
    return decodeRecord(record, token)
  } catch {
    return undefined
  }
}
