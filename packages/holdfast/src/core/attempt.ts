/** One call to a store, bounded in time; and how long to wait before the next one. */
import type { Alarms } from './agenda.ts'
import { OutcomeUnknown } from './errors.ts'
import { ATTEMPT_MS_MAX } from './limits.ts'

/** An unanswered call counts as unknown after a sixth of the lease, so that several more fit before the deadline. */
export function attemptLimitMs(ttlMs: number): number {
  return Math.min(Math.max(ttlMs / 6, 50), ATTEMPT_MS_MAX)
}

/** What no answer means. */
export function unanswered(what: string, limitMs: number): OutcomeUnknown {
  return new OutcomeUnknown(`${what}: no answer from the store within ${Math.round(limitMs)} ms`)
}

/** The answer, or `OutcomeUnknown` when none came in time. The call itself goes on: its late answer is the caller's to watch. */
export function answerWithin<T>(alarms: Alarms, call: Promise<T>, limitMs: number, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const alarm = alarms.addIn(() => reject(unanswered(what, limitMs)), limitMs)
    call.then(
      (answer) => {
        alarms.cancel(alarm)
        resolve(answer)
      },
      (error: unknown) => {
        alarms.cancel(alarm)
        reject(error)
      },
    )
  })
}

/**
 * Exponential with full jitter. The first two retries come at once: a busy SQLite is free again in microseconds, and
 * a timer cannot wait for less than a millisecond.
 */
export class Backoff {
  readonly #capMs: number
  #attempt = 0

  constructor(capMs = 250) {
    this.#capMs = capMs
  }

  nextMs(): number {
    this.#attempt += 1
    if (this.#attempt <= 2) return 0
    return 1 + Math.random() * Math.min(2 ** (this.#attempt - 2), this.#capMs)
  }

  reset(): void {
    this.#attempt = 0
  }
}
