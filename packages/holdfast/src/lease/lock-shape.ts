/** Which lock, and how much of its line one claim takes: made by a recipe, carried unchanged to the lease. */
import type { Mode } from './lease.ts'

export interface LockShape {
  readonly name: string
  readonly mode: Mode
  /** How much of the capacity the claim takes. */
  readonly weight: number
  readonly capacity: number
  /** The entry of `facts.unsupported` that would deny it. */
  readonly needs?: 'semaphore' | 'readWrite'
}
