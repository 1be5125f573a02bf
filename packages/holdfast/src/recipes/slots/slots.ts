/** What is asked of numbered places, and the lease of one of them. */
import type { AcquireOptions } from '../../client/options.ts'
import type { Lease } from '../../lease/lease.ts'
import type { Duration } from '../../time/duration.ts'
import type { MaybePromise } from '../duty.ts'

export interface SlotsOptions {
  /** How many places there are, numbered from 0; every user of the name must say the same. 1 – 4,096. */
  readonly count: number
}

export interface SlotOptions extends Omit<AcquireOptions, 'reentrant' | 'detached'> {
  /**
   * The place to look at first: 0 – `count` − 1. One that follows from the owner is found again after a restart.
   * @default by the owner
   */
  readonly prefer?: number
}

/** A place: a lease with a token of its own, so every guard takes it. */
export interface Slot extends Lease {
  /** Its number: unique among living holders. */
  readonly slot: number
  /**
   * A time (ms since 1970) that no earlier holder of this place has reached, when it stopped at its `signal` and its clock
   * was at most `skew` ahead of that of the store: begin time-stamped ids not before it. It counts whole milliseconds, so say a
   * `minHold` of 2 ms. Throws `Unsupported` where tokens do not tell the time.
   */
  notBeforeMs(skew: Duration): number
}

export type SlotWork<T> = (slot: Slot) => MaybePromise<T>

export interface Slots {
  /** A place, or null when all are held. */
  tryAcquire(options?: SlotOptions): Promise<Slot | null>
  /** Waits for a place, at most `wait`, in the order of arrival where the store keeps one; throws `WaitTimeout`. */
  acquire(options?: SlotOptions): Promise<Slot>
  /** Runs the work with a place and gives it back. Rejects with `LeaseLost` when it was lost before the work ended. */
  using<T>(work: SlotWork<T>): Promise<T>
  using<T>(options: SlotOptions, work: SlotWork<T>): Promise<T>
}
