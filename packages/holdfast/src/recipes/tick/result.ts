/** What a caller is told of a tick: a value, a reason, or what the work threw. */
import { resultOf } from '../duty.ts'
import type { TickEnd } from './rule.ts'
import type { TickResult } from './tick.ts'

export function resultOfTick<T>(end: TickEnd<T>): TickResult<T> {
  if (!end.ran) return end
  return { ran: true, value: resultOf(end.end, end.lease, end.released), record: end.record }
}
