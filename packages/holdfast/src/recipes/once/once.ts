/** What is asked of a work that is to be done once for each key, and what is told of it. */
import { HoldfastError } from '../../store/errors.ts'
import type { Lease } from '../../lease/lease.ts'
import type { Duration } from '../../time/duration.ts'
import type { MaybePromise, Stopping } from '../duty.ts'
import type { Ledger } from '../ledger.ts'

export interface OnceOptions {
  /** Where beginnings and outcomes are written down. */
  readonly ledger: Ledger
  /**
   * What to do about a key that was begun and never finished, because its process died or was paused past its lease:
   * whether it had an effect is not known. `run-again` when the work may be repeated (it is given the same key), `refuse`
   * when it may not: then it is refused with `Interrupted` until `settle` says what happened. There is no default.
   */
  readonly interrupted: 'run-again' | 'refuse'
  /** Whether a failure is an outcome too, given to repeats, or the next call tries again. @default 'try-again' */
  readonly failures?: 'keep' | 'try-again'
  /** How long an outcome is given to repeats. A repeat that comes later is new work. 1 m – 8,760 h. @default '24h' */
  readonly keep?: Duration
  /** The lease of an attempt, renewed while it goes on. @default the client's */
  readonly ttl?: Duration
  /** How long a repeat waits for the attempt that is at work, before it rejects with `WaitTimeout`. @default the client's */
  readonly wait?: Duration
}

export interface OnceCall {
  /** Describes what is asked for, such as the amount: a repeat with another one is refused with `Mismatch`. @default not compared */
  readonly fingerprint?: string
  /** Ends the wait for the attempt that is at work, and asks an attempt of this call to stop. @default none */
  readonly signal?: AbortSignal
}

/** What a work is given: a lease, so every guard takes it, and the key that it is for. */
export interface OnceAttempt extends Lease, Stopping {
  /** As it was given to `run`: the right idempotency key for a service outside. */
  readonly key: string
  /** 1 for the first; more only after an interruption or a failure. */
  readonly attempt: number
  /**
   * Writes the outcome now instead of when the work has returned: inside the transaction of the effect, so that the two
   * commit together. `ledger`: one over that transaction; without it the one of `once`, when its connection is in the
   * transaction. What the work returns is then not written again. Throws `StaleToken`; roll back then.
   */
  finish(returned: unknown, ledger?: Ledger): MaybePromise<void>
}

export type OnceState =
  | { readonly state: 'unknown' }
  | { readonly state: 'running' | 'interrupted'; readonly since: Date; readonly token: bigint; readonly owner: string }
  | { readonly state: 'done'; readonly at: Date; readonly token: bigint }
  | { readonly state: 'failed'; readonly at: Date; readonly token: bigint; readonly error: string }

export type OnceWork<T> = (attempt: OnceAttempt) => MaybePromise<T>

export interface Once {
  /**
   * Runs the work, or gives what an earlier call with this key returned: what JSON makes of it, at most 60,000 bytes of it.
   * Rejects with what the work threw, with `Interrupted`, with `Mismatch`, with `WaitTimeout` while another attempt is at
   * work, and with `OutcomeUnknown` when the work has returned and the ledger did not take it.
   */
  run<T>(key: string, work: OnceWork<T>): Promise<T>
  run<T>(key: string, call: OnceCall, work: OnceWork<T>): Promise<T>
  /** What is known of a key: one read, and a look at the lock where it is running. */
  look(key: string): Promise<OnceState>
  /** Says what became of an interrupted key. Fenced: the process that was at work can no longer finish it. */
  settle(
    key: string,
    outcome: { readonly returned: unknown } | 'nothing-happened',
  ): Promise<'settled' | 'not-interrupted'>
}

/** Begun earlier and never finished: it may or may not have had its effect. Code `OUTCOME_UNKNOWN`. */
export class Interrupted extends HoldfastError {
  readonly key: string
  readonly since: Date
  /** The owner of the client that began it. */
  readonly by: string

  constructor(message: string, details: { readonly key: string; readonly since: Date; readonly by: string }) {
    super('OUTCOME_UNKNOWN', message)
    this.key = details.key
    this.since = details.since
    this.by = details.by
  }
}

/** The key was used for something else. Code `MISUSE`. */
export class Mismatch extends HoldfastError {
  constructor(message: string, details: { readonly resource?: string | undefined } = {}) {
    super('MISUSE', message, details)
  }
}
