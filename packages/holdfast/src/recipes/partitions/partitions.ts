/** What a group offers that shares partitions: a work for each, a lease of its own for each, and who owns which. */
import type { ObserveOptions } from '../../client/observe.ts'
import type { Lease } from '../../lease/lease.ts'
import type { Duration } from '../../time/duration.ts'
import type { MaybePromise, Stopping } from '../duty.ts'
import type { JoinOptions } from '../members/members.ts'

export interface PartitionsOptions extends Omit<JoinOptions, 'signal'> {
  /** How many there are, numbered from 0. Every member must say the same; another number is refused at joining. 1 – 1000. */
  readonly count: number
  /** How many more partitions this member takes than one of share 1. 1 – 100. @default 1 */
  readonly share?: number
  /** How long work may take to return after `stopping`; then its partition is renewed no more and ends with its ttl. 0 – 1 h. @default '30s' */
  readonly drainWithin?: Duration
  /** With an `id`: its partitions wait for it this long after it was found silent or left by `restart()`. 0 – 1 h. @default the ttl */
  readonly rejoinWithin?: Duration
  /** Changes of members that follow within this time make one new generation. 0 – 1 m. @default '1s' */
  readonly settle?: Duration
}

/** A partition owned by this member: a lease of its own, so its token fences its writes and those of no other partition. */
export interface Partition extends Lease, Stopping {
  readonly index: number
  /** The assignment that gave it to this member. For logs: what guards the data is `token`. */
  readonly generation: bigint
}

export interface Assignment {
  /** Rises with every new assignment, also where another process makes it. */
  readonly generation: bigint
  /** The member id for each partition; null while there is none. */
  readonly owners: readonly (string | null)[]
}

/** Each is also published on a diagnostics channel `holdfast:partitions:<event>`. */
export interface PartitionEvents {
  /** Given to this member; each begins as soon as its owner before has given it back. */
  readonly assigned: { readonly name: string; readonly indexes: readonly number[]; readonly generation: bigint }
  /** Asked to hand over; each is owned until its work has returned. */
  readonly revoked: { readonly name: string; readonly indexes: readonly number[]; readonly generation: bigint }
  /** Gone without asking: another member may be at work already. */
  readonly lost: { readonly name: string; readonly index: number; readonly token: bigint; readonly reason: string }
  /** The work did not return within `drainWithin`; its lease is renewed no more. */
  readonly stuck: { readonly name: string; readonly index: number; readonly token: bigint; readonly forMs: number }
}

export interface PartitionsHealth {
  /** `outside`: this process is no member at the moment, so it gets no partition. `stuck`: a work does not return: restart the process. */
  readonly state: 'member' | 'joining' | 'outside' | 'stuck'
  /** What is owned now, by this process's own clocks. */
  readonly owned: readonly number[]
  /** Fit for a readiness probe: a member that owns a partition, or was seen by an assignment that has none for it. */
  readonly ready: boolean
}

export interface RunOptions {
  /** Drains, leaves the group and ends `run`, which then resolves. @default none */
  readonly signal?: AbortSignal
}

export interface PartitionGroup {
  /**
   * Joins, and runs the work once for each partition while it is owned here, several at a time. Return from it after
   * `stopping`; a work that returned early keeps its partition idle. Joins again by itself when the others thought that it was
   * gone. Ends by the signal (drains, leaves, resolves), or rejects with what a work threw, after the others have been drained.
   * Once at a time; `Misuse` otherwise, and where other members say another `count`.
   *
   * @example
   * await partitions(locks, 'orders', { count: 12 }).run(async (partition) => {
   *   while (!partition.stopping.aborted) await consumeNext(partition.index, partition.token)
   * })
   */
  run(work: (partition: Partition) => MaybePromise<void>, options?: RunOptions): Promise<void>
  /** Drains and gives up what is owned, and keeps the place for `rejoinWithin`: for a rolling restart. Needs an `id`. Resolves when `run` has ended. */
  restart(): Promise<void>
  /** Who is to own what by the word of the store, or null while there is no assignment. */
  assignment(): Promise<Assignment | null>
  /** The assignment now and at every new one. Costs no claim. While the store is away nothing is yielded. */
  observe(options?: ObserveOptions): AsyncIterable<Assignment>
  /** Answered from this process's own clocks, also while the store is away. */
  health(): PartitionsHealth
  /** Calls the listener for each event until the returned function is called. */
  on<Name extends keyof PartitionEvents>(name: Name, listener: (event: PartitionEvents[Name]) => void): () => void
}
