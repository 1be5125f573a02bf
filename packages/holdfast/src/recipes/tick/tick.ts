/** What is asked of one run for each tick, and what is told of it. */
import type { Lease } from '../../lease/lease.ts'
import type { Duration } from '../../time/duration.ts'
import type { Stopping } from '../duty.ts'
import type { Ledger } from '../ledger.ts'

export interface TickOptions {
  /**
   * How long a run may take, and a hung one can keep out the next: then `stopping` aborts and its lease is renewed no more,
   * so that the job is free a ttl later. 1 s – 24 h.
   */
  readonly atMostFor: Duration
  /** The lock stays taken at least this long, however short the run was. 0 – 24 h, less than `atMostFor`. @default 0 */
  readonly atLeastFor?: Duration
  /**
   * Where the ticks that began are written down: they are never begun again, however clocks differ, and there is a
   * history. Without it a tick is remembered by the store of the locks, for `remember`.
   * @default none
   */
  readonly ledger?: Ledger
  /** Without a ledger: how long a tick that began cannot begin again. Not less than `startWithin`, at most 24 h. @default '1h' */
  readonly remember?: Duration
  /** A tick begins at most this long after its time. 1 s – 24 h. @default '5m' */
  readonly startWithin?: Duration
  /**
   * A tick that is further ahead of the clock of the store than this waits until it is due there, at most an hour; one that is
   * further ahead still is `early`. Where tokens tell the time of the store. 0 – 1 h. @default '5m'
   */
  readonly skew?: Duration
  /** The lease of a run, renewed while it goes on: after a crash the job is free this long after the last renewal. @default the client's */
  readonly ttl?: Duration
  /** How many runs the ledger keeps. 1 – 200. @default 50 */
  readonly history?: number
}

/**
 * `interrupted`: a later run found it unfinished. `overran`: it was stopped by `atMostFor`. `ended`: by a coordinator that is
 * not told how.
 */
export type RunOutcome = 'running' | 'returned' | 'threw' | 'overran' | 'lost' | 'interrupted' | 'ended'

/** One line of the history. */
export interface RunRecord {
  /** When it was due: the identity of the run on all machines. */
  readonly tick: Date
  readonly token: bigint
  readonly owner: string
  readonly startedAt: Date
  readonly outcome: RunOutcome
  /** Absent while it runs. */
  readonly tookMs?: number
  /** The message of what was thrown, at most 500 characters. */
  readonly error?: string
}

/** What a job is given: its lease, so every guard takes it, and the tick that it is for. */
export interface CronRun extends Lease, Stopping {
  /** When it was due: the identity of the run, and the right idempotency key for what it does. */
  readonly tick: Date
  /** The run before, by its tick; null without a ledger. */
  readonly previous: RunRecord | null
  /** Moves the end of `atMostFor` to this long from now. Throws `LeaseLost` when the run was asked to stop before. */
  extend(atMostFor: Duration): void
}

/**
 * Why a tick was not run here. `done`: it was begun before. `busy`: another run of this job goes on. `late`, `early`: see
 * `startWithin` and `skew`. Being skipped is the usual case on all machines but one, and no error.
 */
export type SkipReason = 'done' | 'busy' | 'late' | 'early'

export type TickResult<T> =
  | { readonly ran: true; readonly value: T; readonly record: RunRecord }
  | { readonly ran: false; readonly because: SkipReason; readonly by: RunRecord | null }
