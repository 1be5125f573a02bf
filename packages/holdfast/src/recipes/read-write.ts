/**
 * Many readers or one writer: a reader weighs 1, a writer all of it. Strictly first come, first served, so a stream
 * of readers cannot starve a writer. Tokens of both kinds rise in one order; a reader's guard checks and does not raise.
 */
import { READERS_CAPACITY } from '../store/limits.ts'
import type { LockClient } from '../client/client.ts'
import { type Lock, lockWith } from './lock.ts'

export interface ReadWriteLock {
  /** Shared with other readers, excludes writers. */
  readonly read: Lock
  /** Excludes readers and writers. */
  readonly write: Lock
}

export function readWriteLock(client: LockClient, name: string): ReadWriteLock {
  const line = { name, capacity: READERS_CAPACITY, needs: 'readWrite' } as const
  return {
    read: lockWith(client, () => ({ ...line, mode: 'shared', weight: 1 })),
    write: lockWith(client, () => ({ ...line, mode: 'exclusive', weight: READERS_CAPACITY })),
  }
}
