/** What is left of a record that nobody uses: an engine may forget it once nobody observes it either. */
import { isIdle, type Moment, sweep } from '../../line/transition.ts'
import type { LineRecord } from './engine.ts'

/** Without claims, and with those who still observe it; `undefined` while a claim is left. */
export function idleRecord({ line, observers }: LineRecord, now: Moment): LineRecord | undefined {
  const swept = sweep(line, now)
  return isIdle(swept) ? { line: swept, observers: observers.filter(({ untilMs }) => untilMs > now.nowMs) } : undefined
}
