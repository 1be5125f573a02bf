/** What is asked of a value that is computed by one process at a time, and what is told of it. */
import type { Lease } from '../../lease/lease.ts'
import type { Duration } from '../../time/duration.ts'
import type { MaybePromise } from '../duty.ts'

/** A value in a cache, and how it came about. */
export interface Cached<Value> {
  readonly value: Value
  /** When its computation began, in milliseconds since 1970 by the clock of the process that computed it. */
  readonly madeAtMs: number
  readonly tookMs: number
  /** Of the lock under which it was computed; 0 without one. */
  readonly token: bigint
}

/** The cache you have. */
export interface FlightCache<Value> {
  get(key: string): MaybePromise<Cached<Value> | null | undefined>
  /** `lease`: for a cache that can refuse an older token; null when the store was away and nothing was locked. `keepMs`: how long it is of use. */
  set(
    key: string,
    entry: Cached<Value>,
    how: { readonly keepMs: number; readonly lease: Lease | null },
  ): MaybePromise<void>
}

export interface SingleFlightOptions<Value> {
  /** Where values are kept: `ledgerCache(…)`, or `get` and `set` around the cache you have. */
  readonly cache: FlightCache<Value>
  /** A value is given out without a thought for this long. 1 ms – 8,760 h. */
  readonly fresh: Duration
  /** And for this long after that while one process computes a new one, or when that fails. 0 – 8,760 h. @default 0 */
  readonly stale?: Duration
  /** How long a caller without any value waits for the process that computes, before `WaitTimeout`. 0 – 10 m. @default '10s' */
  readonly wait?: Duration
  /** The error of a computation is given to all who ask in this process within this time. 0 – 10 m. @default '1s' */
  readonly failureFor?: Duration
  /**
   * Computes early with a probability that grows towards the end of `fresh`, by how long the value took, so that not all
   * processes find it old at once. 0: never. From "Optimal Probabilistic Cache Stampede Prevention" (Vattani, Chierichetti,
   * Lowenstein, 2015). @default 1
   */
  readonly eagerness?: number
  /** The lock only spares work: when its store is away, compute without it, or throw. @default 'load' */
  readonly whenStoreIsAway?: 'load' | 'throw'
  /** The lease of a computation, renewed while it goes on. @default the client's */
  readonly ttl?: Duration
}

/** Computes the value; its lease is null when the store of the locks was away. */
export type Load<Value> = (lease: Lease | null) => MaybePromise<Value>

/**
 * `hit`: from the cache, fresh. `stale`: from the cache, while it is computed anew. `computed`: by this process. `shared`:
 * by another call, here or elsewhere. `unlocked`: computed without a lock, because its store was away.
 */
export interface FlightEvents {
  readonly hit: { readonly key: string }
  readonly stale: { readonly key: string }
  readonly computed: { readonly key: string; readonly tookMs: number }
  readonly shared: { readonly key: string }
  readonly unlocked: { readonly key: string; readonly error: unknown }
}

export interface SingleFlight<Value> {
  /**
   * A value, computed at most once at a time across all machines. `signal` ends the waiting of this caller and of no other.
   * Rejects with the error of the computation, and with `WaitTimeout` when it goes on elsewhere for longer than `wait`.
   */
  get(key: string, load: Load<Value>, options?: { readonly signal?: AbortSignal }): Promise<Value>
  /** Computes anew now, unless that goes on already; then it waits for that. */
  refresh(key: string, load: Load<Value>): Promise<Value>
  on<Name extends keyof FlightEvents>(name: Name, listener: (event: FlightEvents[Name]) => void): () => void
}
