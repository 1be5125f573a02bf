/** One call to a store, bounded in time. */
import type { Timers } from './timer-queue.ts'
import { OutcomeUnknown } from '../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../store/limits.ts'

/** An unanswered call counts as unknown after a sixth of the lease, so that several more fit before the deadline. */
export function attemptLimitMs(ttlMs: number): number {
  return Math.min(Math.max(ttlMs / 6, 50), ATTEMPT_MS_MAX)
}

/** What no answer means. */
export function noAnswer(what: string, limitMs: number): OutcomeUnknown {
  return new OutcomeUnknown(`${what}: no answer from the store within ${Math.round(limitMs)} ms`)
}

/** The answer, or `OutcomeUnknown` when none came in time. The call itself goes on: its late answer is the caller's to watch. */
export function answerWithin<T>(timers: Timers, call: Promise<T>, limitMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const alarm = timers.addIn(() => reject(noAnswer(what, limitMs)), limitMs)
    call.then(
      (answer) => {
        timers.cancel(alarm)
        resolve(answer)
      },
      (error: unknown) => {
        timers.cancel(alarm)
        reject(error)
      },
    )
  })
}
