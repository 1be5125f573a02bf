/** How long an entry of a ledger is of use, and when it may go together with its mark. */
import { type Duration, durationMs } from '../time/duration.ts'

export interface LedgerPutOptions {
  /**
   * The entry is of use for so long. A day after that it may go, and the mark of its lock with it. It is read as long as it is
   * there. 1ms – 100 years. @default for good
   */
  readonly keep?: Duration
}

/** Without its mark a writer that slept is let in: one that slept for so long. */
export const MARK_OUTLIVES_MS = 86_400_000
const KEEP_MS_MAX = 36_500 * 86_400_000

/** Undefined for good. */
export function keepMsOf({ keep }: LedgerPutOptions): number | undefined {
  return keep === undefined ? undefined : durationMs('keep', keep, { minMs: 1, maxMs: KEEP_MS_MAX })
}
