/** One way to lock in Redis as the benchmarks drive it: Holdfast, a bare program, or another library. */
import type { Readings } from '../slices.ts'
import { bareBatchLocker } from './bare-batch.ts'
import { bareQueueLocker } from './bare-queue.ts'
import { holdfastLocker } from './holdfast-locker.ts'
import { rivalLockers, type RivalName } from './rival-lockers.ts'

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

export type LockerName = 'holdfast' | 'bare queue' | 'bare batch' | RivalName

export async function openLocker(name: LockerName, settings: LockerSettings): Promise<Locker> {
  if (name === 'holdfast') return holdfastLocker(settings)
  if (name === 'bare queue') return bareQueueLocker(settings)
  if (name === 'bare batch') return bareBatchLocker(settings)
  return await rivalLockers[name](settings)
}
