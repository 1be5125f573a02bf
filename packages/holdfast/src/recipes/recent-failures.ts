/** Errors that are given again for a moment, by key: so that what just failed is not tried by each caller in turn. */
import type { Clock } from '../time/clock.ts'

/** Beyond so many the oldest is forgotten. */
const FAILURES_MAX = 1_000

export class RecentFailures {
  readonly #clock: Clock
  readonly #forMs: number
  readonly #failures = new Map<string, { readonly error: unknown; readonly untilMs: number }>()

  constructor(clock: Clock, forMs: number) {
    this.#clock = clock
    this.#forMs = forMs
  }

  find(key: string): { readonly error: unknown } | undefined {
    const failure = this.#failures.get(key)
    return failure !== undefined && this.#clock.monotonicMs() < failure.untilMs ? failure : undefined
  }

  remember(key: string, error: unknown): void {
    this.forget(key)
    if (this.#forMs > 0) this.#failures.set(key, { error, untilMs: this.#clock.monotonicMs() + this.#forMs })
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > FAILURES_MAX && oldest !== undefined) this.forget(oldest)
  }

  forget(key: string): void {
    this.#failures.delete(key)
  }
}
