/**
 * Many readers or one writer: a reader weighs 1, a writer all of it. Strictly first come, first served, so a stream
 * of readers cannot starve a writer. Tokens of both kinds rise in one order; a reader's guard checks and does not raise.
 */
import { READERS_CAPACITY } from '../core/limits.ts'
import { type Client, type Lock, lockWith } from './lock.ts'

export interface ReadWriteLock {
  /** Shared with other readers, excludes writers. */
  readonly read: Lock
  /** Excludes everybody. */
  readonly write: Lock
}

export function readWriteLock(client: Client, name: string): ReadWriteLock {
  const capacity = READERS_CAPACITY
  return {
    read: lockWith(client, () => ({ name, mode: 'shared', weight: 1, capacity })),
    write: lockWith(client, () => ({ name, mode: 'exclusive', weight: capacity, capacity })),
  }
}
