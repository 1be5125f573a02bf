/** How long to wait before the next attempt. */

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
