/**
 * A mutex in disguise: a semaphore of one, a semaphore of five with four permits taken, and the write side of a
 * read/write lock must each behave as a mutex in every case. (The idea is that of DistributedLock's test cases.)
 */
import type { Locks } from '../../recipes/locks.ts'
import type { Lock } from '../../recipes/lock.ts'

export interface Dress {
  readonly name: string
  /** The file of the recipe in `recipes/`. */
  readonly recipe: 'mutex' | 'read-write' | 'semaphore'
  /** Why a store may be excepted: the entry of `facts.unsupported` that denies the recipe. */
  readonly needs?: 'readWrite' | 'semaphore'
  lock(locks: Locks, name: string): Lock
  /** Takes what must be taken before the lock behaves as a mutex. */
  prepare?(locks: Locks, name: string): Promise<unknown>
}

export const dresses: readonly Dress[] = [
  {
    name: 'mutex',
    recipe: 'mutex',
    lock: (locks, name) => ({
      tryAcquire: (options) => locks.tryAcquire(name, options),
      acquire: (options) => locks.acquire(name, options),
      using: <T>(...call: unknown[]) => (locks.using as (...all: unknown[]) => Promise<T>)(name, ...call),
    }),
  },
  {
    name: 'semaphore of one',
    recipe: 'semaphore',
    needs: 'semaphore',
    lock: (locks, name) => locks.semaphore(name, { permits: 1 }),
  },
  {
    name: 'semaphore of five with four taken',
    recipe: 'semaphore',
    needs: 'semaphore',
    lock: (locks, name) => locks.semaphore(name, { permits: 5 }),
    async prepare(locks, name) {
      const permits = locks.semaphore(name, { permits: 5 })
      // They are no part of the case: a machine that stands still for a while must not lose them and make room for two.
      await permits.acquire({ ttl: '1m' })
      await permits.acquire({ ttl: '1m', take: 3 })
    },
  },
  {
    name: 'write side',
    recipe: 'read-write',
    needs: 'readWrite',
    lock: (locks, name) => locks.readWrite(name).write,
  },
]
