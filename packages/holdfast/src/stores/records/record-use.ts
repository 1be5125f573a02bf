/** Whether anybody holds or waits by a record, now. */
import { isIdle, sweep } from '../../line/transition.ts'
import type { LineRecord } from './engine.ts'

/** A claim that is over is in use no more, though its process was never there to end it. */
export function isInUse({ line, waiters }: LineRecord, nowMs: number): boolean {
  return !isIdle(sweep(line, { nowMs, tokenScaleUs: 0n })) || (waiters?.lastEndsAtMs ?? 0) > nowMs
}
