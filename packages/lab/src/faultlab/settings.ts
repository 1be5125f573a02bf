/** What one run is made of, after the command line was read and checked. */
import type { LockChoice } from './traffic/order.ts'

export interface Settings {
  /** Absolute, so that it means the same in every process. */
  readonly storeUrl: string
  readonly scheme: string
  /** Names of faults that exist for the store. */
  readonly faults: readonly string[]
  readonly forMs: number
  readonly workers: number
  readonly seed: number
  readonly ttlMs: number
  readonly guard: boolean
  readonly lock: LockChoice
  /** Where the histories, the verdict and the page go; it exists. */
  readonly out: string
}

/** How many contend inside one worker. */
export const LOOPS = 2

export function lockName({ lock }: Settings): string {
  if (lock.kind === 'holdfast') return 'Holdfast'
  return lock.kind === 'broken' ? `the broken lock "${lock.name}"` : 'a lock of your own'
}
