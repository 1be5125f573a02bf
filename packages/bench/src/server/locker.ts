/** One way to lock in Redis as the benchmarks drive it: Holdfast, a bare program, or another library. */
import type { Readings } from '../slices.ts'

export interface Locker {
  /** Waits for its turn; what it resolves with gives the lock back. */
  acquire(name: string): Promise<() => Promise<unknown>>
  /** Takes a free lock and renews it by itself; what it resolves with ends that. Absent where there is no automatic renewal. */
  keep?(name: string): Promise<() => Promise<unknown>>
  /** `sent` commands and `renewals` so far. */
  readings(): Readings
  close(): Promise<void>
}

export interface LockerSettings {
  readonly url: string
  readonly ttlMs: number
  /** The longest wait for a turn, where there is such a limit. */
  readonly waitMs: number
}
