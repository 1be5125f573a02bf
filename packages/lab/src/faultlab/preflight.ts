/**
 * The lock under test is opened once, past every fault, before any worker starts: what is wrong with the store
 * or with the module is then told in its own words. A worker goes on asking, and would be found silent long after.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast } from 'holdfast'
import { openStore } from './open-store.ts'
import type { ContenderOptions, Notes } from './traffic/contender.ts'
import { openContender } from './traffic/open-contender.ts'
import type { LockChoice } from './traffic/order.ts'

/** Longer than Holdfast tries by itself; another lock might try for ever. */
const OPEN_MS_MAX = 20_000

export async function preflight(lock: LockChoice, options: Omit<ContenderOptions, 'notes' | 'process'>): Promise<void> {
  const over = new AbortController()
  const late = sleep(OPEN_MS_MAX, undefined, { signal: over.signal }).then(
    () => Promise.reject(new Error(`the lock was not opened within ${OPEN_MS_MAX / 1000} s`)),
    () => undefined,
  )
  try {
    await Promise.race([openedAndClosed(lock, options), late])
  } finally {
    over.abort()
  }
}

async function openedAndClosed(lock: LockChoice, options: Omit<ContenderOptions, 'notes' | 'process'>): Promise<void> {
  if (lock.kind !== 'holdfast') {
    const contender = await openContender(lock, { ...options, process: 'first', notes: silent })
    return contender.close()
  }
  // Not as a contender: that one is patient with a store that is being hurt, and nothing is hurt yet.
  const locks = holdfast(await openStore(options.storeUrl, options.ttlMs), { namespace: options.namespace })
  try {
    await locks.open()
  } finally {
    await locks.close()
  }
}

/** What happens here is no part of the history. */
const silent: Notes = {
  extended: () => undefined,
  lost: () => undefined,
  left: () => undefined,
  call: () => ({ ok: () => undefined, fail: () => undefined, info: () => undefined }),
  beforeRenewal: () => undefined,
}
