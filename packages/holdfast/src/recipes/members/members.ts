/** What a list of members offers: who is there, as each process says of itself, and when it is gone. */
import type { ObserveOptions } from '../../client/observe.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import type { Duration } from '../../time/duration.ts'

export interface Member {
  readonly id: string
  /** Host and process, as its client says. */
  readonly owner: string
  readonly metadata: string
}

export interface JoinOptions {
  /**
   * A name that survives a restart, such as that of a pod of a StatefulSet: 1 – 200 bytes without line breaks. Of two
   * processes with one id the second waits until the first is gone. @default a new one for each join
   */
  readonly id?: string
  /** Public text for the others, such as an address. At most 3,800 bytes. @default '' */
  readonly metadata?: string
  /** A member that fell silent is gone after this long. 100 ms – 24 h. @default the client's */
  readonly ttl?: Duration
  /** How long to wait for an earlier holder of `id` to be gone, then `WaitTimeout`. 0 – 24 h. @default 30 s, or two ttls where they are longer */
  readonly wait?: Duration
  /** Ends the wait, which rejects with its reason. @default none */
  readonly signal?: AbortSignal
}

/** One stay of this process in the list. `await using` leaves at the end of the scope. */
export interface Membership extends AsyncDisposable {
  readonly id: string
  /** Aborts with a `LeaseLost` when the others may think that this member is gone. Join again then. */
  readonly signal: AbortSignal
  /** Whether the others see this member, by this process's own clocks, now. */
  isMember(): boolean
  /** Replaces the public text; it reaches the store within moments, and once it is back when it is away. */
  setMetadata(metadata: string): void
  /** Leaves the list at once. Never throws; answers within 5 s, then `unknown`, and goes on trying. */
  leave(): Promise<ReleaseOutcome>
}

export interface Members {
  /**
   * Adds this process to the list until it leaves, dies or falls silent for its ttl. Throws `WaitTimeout` with the words who
   * has the id, and `Unsupported` on a store that keeps no members.
   *
   * @example
   * await using seat = await members(locks, 'search-nodes').join({ metadata: 'http://10.0.0.7:9200' })
   */
  join(options?: JoinOptions): Promise<Membership>
  /** Who is there by the word of the store, in the order of joining. */
  list(): Promise<readonly Member[]>
  /** All members now and at every change, the newest only. Costs no claim. While the store is away nothing is yielded. */
  observe(options?: ObserveOptions): AsyncIterable<readonly Member[]>
}
