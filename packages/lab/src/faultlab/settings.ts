/** What one run is made of, after the command line was read and checked. */
import type { Persistence } from './environment/environment.ts'
import type { LockChoice } from './traffic/order.ts'

export interface Settings {
  /** Absolute, so that it means the same in every process; the scheme alone where the run starts the server. */
  readonly storeUrl: string
  readonly scheme: string
  /** The run makes the store for itself, so it may hurt it. */
  readonly isOwn: boolean
  /** How servers of the run's own keep their data. */
  readonly persistence: Persistence
  /** Where the guarded data is: the run makes that, too, and never hurts it. */
  readonly resource: ResourceKind
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

export const resourceKinds = ['sqlite', 'redis', 'postgres', 'mysql'] as const

export type ResourceKind = (typeof resourceKinds)[number]

export const PERSISTENCE_DEFAULT: Persistence = 'always'
export const RESOURCE_DEFAULT: ResourceKind = 'sqlite'

/** How many contend inside one worker. */
export const LOOPS = 2

export function lockName({ lock }: Settings): string {
  if (lock.kind === 'holdfast') return 'Holdfast'
  return lock.kind === 'broken' ? `the broken lock "${lock.name}"` : 'a lock of your own'
}
