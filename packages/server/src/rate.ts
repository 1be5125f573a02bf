/** How often one caller may ask: a burst, and then so many a second. Renewals and releases are never counted. */
import { Refusal } from './refusal.ts'

export interface RateLimit {
  readonly burst: number
  readonly perSecond: number
}

const PEOPLE: RateLimit = { burst: 400, perSecond: 200 }

interface Allowance {
  left: number
  atMs: number
}

export class Rate {
  readonly #allowances = new WeakMap<object, Allowance>()
  readonly #limit: RateLimit

  constructor(limit: RateLimit = PEOPLE) {
    this.#limit = limit
  }

  /** Throws when the caller asks too often. `nowMs`: by a monotonic clock. */
  count(caller: object, nowMs: number): void {
    const { burst, perSecond } = this.#limit
    const before = this.#allowances.get(caller) ?? { left: burst, atMs: nowMs }
    const left = Math.min(burst, before.left + ((nowMs - before.atMs) * perSecond) / 1_000) - 1
    this.#allowances.set(caller, { left: Math.max(0, left), atMs: nowMs })
    if (left < 0)
      throw new Refusal('LIMITED', `more than ${perSecond} requests a second: renewals and releases are free`)
  }
}
