/** Which lock, and how much of its line one claim takes: made by a recipe, carried unchanged to the lease. */
import { CAPACITY_MAX, READERS_CAPACITY } from '../store/limits.ts'
import type { Mode } from './lease.ts'

export interface LockShape {
  readonly name: string
  readonly mode: Mode
  /** How much of the capacity the claim takes. */
  readonly weight: number
  readonly capacity: number
  /** The entry of `facts.unsupported` that would deny it. */
  readonly needs?: 'semaphore' | 'readWrite' | 'members'
}

/**
 * Whether the line itself shows a claim of this weight to be of the mode. A mutex is 1 of 1, a writer all of a readers'
 * line and a reader 1 of it; a permit is any part of a line that is no readers' line. Only the one permit of a
 * semaphore with one looks like a mutex, and excludes as one.
 */
export function isOfMode(mode: Mode, weight: number, capacity: number | undefined): boolean {
  switch (mode) {
    case 'exclusive':
      return weight === capacity && (capacity === 1 || capacity === READERS_CAPACITY)
    case 'shared':
      return weight === 1 && capacity === READERS_CAPACITY
    case 'permit':
      return weight > 0 && capacity !== undefined && capacity <= CAPACITY_MAX
  }
}
