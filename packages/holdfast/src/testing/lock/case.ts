/** A case for a whole client: any recipe that behaves as a mutex, over any store. Data, without a test runner inside. */
import type { Locks } from '../../recipes/locks.ts'
import type { Lock } from '../../recipes/lock.ts'
import type { FaultPlan, UnreliableStore } from '../unreliable.ts'

export interface LockCase {
  /** A sentence about behaviour, different from all others. */
  readonly name: string
  /** A defect that shipped in some lock library and that this case would have caught. */
  readonly trap?: string
  /** What `facts.unsupported` may deny; `order`: first come, first served. */
  readonly needs?: 'lockDelay' | 'minimumHold' | 'order'
  /** Rejects when the lock does not do what the name says. */
  run(kit: LockKit): Promise<void>
}

/** One lock, and as many clients of it as a case wants. */
export interface LockKit {
  /** Another client of the same engine, behind a connection that can be made to fail. */
  client(plan?: FaultPlan): ClientUnderTest
  /** Lets time pass: at once where the engine follows the given clock, by waiting otherwise. */
  advance(ms: number): Promise<void>
  /** Lets time pass until the promise settles; rejects when that takes longer than `ms`. */
  within<T>(ms: number, promise: Promise<T>): Promise<T>
  nowMs(): number
  /** The lease of every client: short enough to wait for its end. */
  readonly ttlMs: number
}

export interface ClientUnderTest {
  readonly lock: Lock
  readonly locks: Locks
  readonly store: UnreliableStore
  /** Claims on the lock's line that are not the dress's own. */
  claims(): Promise<number>
  readonly name: string
}
