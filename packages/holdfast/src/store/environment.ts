/** What a store is opened with. */
import { answerWithin } from '../time/call-limit.ts'
import type { Clock } from '../time/clock.ts'
import { TimerQueue, type Timers } from '../time/timer-queue.ts'
import { ATTEMPT_MS_MAX } from './limits.ts'
import type { StoreEnvironment } from './store.ts'

/** Timers that are due together fire together, but never so many that the event loop stalls. */
const TIMERS_AT_ONCE_MAX = 1_000

export function timersOf(clock: Clock): Timers {
  return new TimerQueue<() => void>(clock, {
    batchMax: TIMERS_AT_ONCE_MAX,
    due: (timers) => timers.forEach((timer) => timer()),
  })
}

export function environmentOf(
  clock: Clock,
  timers: Timers,
  signal: AbortSignal,
  told: Pick<StoreEnvironment, 'factsChanged' | 'troubled'> = {},
): StoreEnvironment {
  return { ...told, clock, timers, signal, bounded: (call, what) => answerWithin(timers, call, ATTEMPT_MS_MAX, what) }
}
