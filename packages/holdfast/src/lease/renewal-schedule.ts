/** When one claim is renewed next: after a share of its life, soon after a failure, and never again once it has ended. */
import type { Held } from '../store/standing.ts'
import { PROVISIONAL_RENEW_MS } from '../store/limits.ts'
import type { Clock } from '../time/clock.ts'
import type { Renewable, Renewer } from './renewer.ts'

/** A renewal that failed is tried again after this share of the life, and a long life does not make it lazy. */
const RETRY_SHARE = 1 / 15
const RETRY_MS_MIN = 10
const RETRY_MS_MAX = 1_000

export class RenewalSchedule {
  readonly #renewable: Renewable
  readonly #renewer: Renewer
  readonly #clock: Clock
  #hasEnded = false

  constructor(renewable: Renewable, { renewer, clock }: { readonly renewer: Renewer; readonly clock: Clock }) {
    this.#renewable = renewable
    this.#renewer = renewer
    this.#clock = clock
  }

  /** A grant that was pushed has a short first life. */
  begin({ askedAt, lifeMs, provisional }: Held): void {
    if (!provisional) return this.inThird(askedAt.monotonicMs)
    this.#renewer.renewAt(this.#renewable, askedAt.monotonicMs + Math.min(PROVISIONAL_RENEW_MS, lifeMs / 3))
  }

  inThird(askedAtMs: number): void {
    this.inShare(1 / 3, askedAtMs)
  }

  inShare(share: number, askedAtMs: number): void {
    if (!this.#hasEnded) this.#renewer.renewInShare(this.#renewable, askedAtMs, share)
  }

  /** After a failure, and after a hint that may be repeated. */
  soon(): void {
    this.within(Math.min(Math.max(RETRY_MS_MIN, this.#renewable.lifeMs * RETRY_SHARE), RETRY_MS_MAX))
  }

  within(limitMs: number): void {
    if (!this.#hasEnded) this.#renewer.renewBy(this.#renewable, this.#clock.monotonicMs() + limitMs)
  }

  end(): void {
    this.#hasEnded = true
    this.#renewer.remove(this.#renewable)
  }
}
