/** What is asked of a limit on how often something happens, and what it answers. */
import type { Duration } from '../../time/duration.ts'

export interface RateLimitOptions {
  /** How many within any span of `per`; every user of the name must say the same. 1 – 1,000, where a line is one record 1 – 150. */
  readonly limit: number
  /** How long a permit counts. 100 ms – 24 h. */
  readonly per: Duration
  /** When the store cannot be asked: throw, or let it pass and say so. @default 'throw' */
  readonly whenStoreIsAway?: 'throw' | 'allow'
}

export interface RateOptions {
  /** Limits each user, address or tenant on its own. @default one limit for all */
  readonly key?: string
  /** How many permits at once. 1 – `limit`. @default 1 */
  readonly count?: number
}

export interface RateWaitOptions extends RateOptions {
  /** How long to wait for permits, then `WaitTimeout`; at once where none can end in that time. 0 – 24 h. @default the client's */
  readonly wait?: Duration
  /** Ends the wait, which rejects with its reason. @default none */
  readonly signal?: AbortSignal
}

export type RateAnswer =
  /** `limited`: false when the store was away and nothing was counted. */
  | { readonly allowed: true; readonly limited: boolean }
  /** `retryAfterMs`: the same call cannot succeed before that; whether it does then depends on the others. */
  | { readonly allowed: false; readonly retryAfterMs: number }

export interface RateUsage {
  readonly limit: number
  /** Permits that count now. */
  readonly used: number
  /** Until the oldest of them ends; 0 when there is none. */
  readonly freesInMs: number
}

/** `unlimited`: something was let pass because the store was away. */
export interface RateEvents {
  readonly unlimited: { readonly name: string; readonly error: unknown }
}

export interface RateLimit {
  /**
   * Takes permits, or says when to come again; never waits for any. A permit counts for `per` from the grant and is never
   * given back, whatever becomes of this process. Throws `Misuse` while permits of another limit count, `Unsupported` on a
   * store that cannot keep a rate, and `StoreUnavailable` or `OutcomeUnknown` when the store cannot be asked (within 5 s, once it is open).
   */
  tryTake(options?: RateOptions): Promise<RateAnswer>
  /**
   * Waits until the permits are granted. Waiters keep no order among machines, and one for many may be overtaken by those for
   * few. Throws `WaitTimeout`, the reason of the signal, and what `tryTake` throws.
   *
   * @example
   * await rateLimit(locks, 'smtp', { limit: 100, per: '1m' }).take({ wait: '30s' })
   */
  take(options?: RateWaitOptions): Promise<void>
  /** How many permits count now. It reserves nothing, and throws when the store cannot be asked. */
  usage(key?: string): Promise<RateUsage>
  /** Calls the listener for each event until the returned function is called. */
  on<Name extends keyof RateEvents>(name: Name, listener: (event: RateEvents[Name]) => void): () => void
}
