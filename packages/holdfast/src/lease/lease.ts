/** What a caller gets when a lock was granted. */

export type Mode = 'exclusive' | 'shared' | 'permit'

/**
 * `held`: confirmed, and the deadline has not come. `jeopardy`: renewals fail, the deadline has not come. `lost`: the
 * store said so, the deadline passed, or the client was closed; for good. `released`: by the caller.
 */
export type LeaseState = 'held' | 'jeopardy' | 'lost' | 'released'

/** `released`: the store confirmed it. `expired`: the lease had ended before. `unknown`: no answer; the lock is free at the end of its ttl at the latest. */
export type ReleaseOutcome = 'released' | 'expired' | 'unknown'

/** What a sequencer says, as `parseSequencer` reads it: a statement of its sender, which no guard takes as it is. */
export interface Sequencer {
  readonly namespace: string
  readonly name: string
  readonly mode: Mode
  readonly token: bigint
}

/** A lock as guards take it: a lease, or a sequencer that the receiver accepted (`acceptSequencer`). */
export interface Fenced extends Sequencer {
  /** Throws `LeaseLost` when it is known here that the lock is no longer held. Of a sequencer that is never known. */
  assertHeld(): void
}

/** One hold of one lock. `await using lease = …` releases it at the end of the scope. */
export interface Lease extends Fenced, AsyncDisposable {
  /** The fencing token: rises with every grant of this lock, never changes while the lease lives. */
  readonly token: bigint
  /** The token in decimal, for JSON and headers: `JSON.stringify` throws for a bigint, and a number would round it. */
  readonly tokenText: string
  /** Aborts with a `LeaseLost` when the lease is lost: at the deadline (or `stopBefore` earlier) at the latest, even if the store is unreachable. */
  readonly signal: AbortSignal
  /** Compares the clocks on every read, because timers are late after a stall. */
  readonly state: LeaseState
  /** Milliseconds until the lease ends unless it is renewed; 0 once it was lost or released. */
  readonly remainingMs: number
  /** Namespace, name, mode and token as one string for third parties, who turn it into a holder with `acceptSequencer`. */
  readonly sequencer: string
  /** Whether the lease is held by this process's own clocks, now. */
  isHeld(): boolean
  /** Throws `LeaseLost` unless the lease is held now. Call it before each step that must not happen without the lock. */
  assertHeld(): void
  /** Replaces the public note; it reaches the store within moments, and with the next renewal that works when the store is away. At most 4096 bytes. */
  setNote(note: string): void
  /** Gives the lock back. Never throws, cannot be cancelled, answers within 5 s (then `unknown`, and goes on trying), may be called again (same answer). */
  release(): Promise<ReleaseOutcome>
}
