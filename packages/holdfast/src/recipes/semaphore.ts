/**
 * At most n permits at a time: weight k of n. Permits carry tokens, but no guard takes the token of a permit: it would
 * refuse the other, legitimate holders. For guarded places take n mutexes.
 */
import { CAPACITY_MAX } from '../store/limits.ts'
import type { AcquireOptions } from '../client/options.ts'
import type { LockClient } from '../client/client.ts'
import { type Lock, lockWith } from './lock.ts'
import { wholeNumber } from './whole-number.ts'

export interface SemaphoreOptions {
  /** How many permits there are in all; every user of the name must say the same. 1 – 1,000,000. */
  readonly permits: number
}

export interface PermitOptions extends AcquireOptions {
  /** How many of them to take at once: 1 – `permits`. A claim for many is not overtaken by claims for few. @default 1 */
  readonly take?: number
}

export type Semaphore = Lock<PermitOptions>

export function semaphore(client: LockClient, name: string, { permits }: SemaphoreOptions): Semaphore {
  wholeNumber('permits', permits, CAPACITY_MAX)
  return lockWith<PermitOptions>(client, (options = {}) => {
    const weight = options.take ?? 1
    wholeNumber('take', weight, permits)
    return { name, mode: 'permit', weight, capacity: permits, needs: 'semaphore' }
  })
}
