/** How often one caller may ask: a burst, and then so many a second. Renewals and releases are never counted. */
import { Refusal } from './refusal.ts'

const BURST = 400
const PER_SECOND = 200

interface Allowance {
  left: number
  atMs: number
}

export class Rate {
  readonly #allowances = new WeakMap<object, Allowance>()

  /** Throws when the caller asks too often. `nowMs`: by a monotonic clock. */
  count(caller: object, nowMs: number): void {
    const before = this.#allowances.get(caller) ?? { left: BURST, atMs: nowMs }
    const left = Math.min(BURST, before.left + ((nowMs - before.atMs) * PER_SECOND) / 1_000) - 1
    this.#allowances.set(caller, { left: Math.max(0, left), atMs: nowMs })
    if (left < 0)
      throw new Refusal('LIMITED', `more than ${PER_SECOND} requests a second: renewals and releases are free`)
  }
}
