/** Holdfast itself, through its public surface, over a store that writes down what the judge needs. */
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast, type Lease, type Locks, StoreUnavailable } from 'holdfast'
import { openStore } from '../open-store.ts'
import { recordedStore } from '../history/recorded-store.ts'
import type { Contender, ContenderOptions, Form, Grant, Notes } from './contender.ts'

export async function openHoldfast(options: ContenderOptions): Promise<Contender> {
  const { storeUrl, namespace, ttlMs, process, notes } = options
  const store = recordedStore(await openStore(storeUrl, ttlMs), notes)
  const locks = holdfast(store, { namespace, ttl: ttlMs, owner: process })
  const leases = new Map<string, Lease>()
  const keyOf = (name: string, token: bigint): string => `${name} ${token}`
  locks.on('renewed', ({ name, token }) => {
    const lease = leases.get(keyOf(name, token))
    if (lease !== undefined) notes.extended(name, token, () => lease.remainingMs)
  })
  locks.on('lost', ({ name, token }) => {
    leases.delete(keyOf(name, token))
    notes.lost(name, token)
  })
  locks.on('released', ({ name, token }) => void leases.delete(keyOf(name, token)))
  try {
    await openPatiently(locks, notes)
  } catch (error) {
    // A store that connects again and again would keep the process alive.
    await locks.close().catch(() => undefined)
    throw error
  }
  return {
    tells: true,
    async acquire(form, waitMs) {
      const lease = await take(locks, form, waitMs)
      leases.set(keyOf(lease.name, lease.token), lease)
      return grantOf(lease)
    },
    close: () => locks.close(),
    async leftovers(forms) {
      const views = await Promise.all(forms.map(({ k }) => locks.inspect(k)))
      const live = views.flatMap(({ claims }) => claims.filter(({ state }) => state !== 'lingering'))
      const { leases, waiting } = locks.health()
      return { claims: live.length, leases, waits: waiting }
    },
  }
}

/** A worker may start in the middle of a fault. It keeps asking, as a supervisor that restarts programs would make it. */
const OPEN_WITHIN_MS = 15_000
const OPEN_PAUSE_MS = 100

async function openPatiently(locks: Locks, notes: Notes): Promise<void> {
  const limitMs = performance.now() + OPEN_WITHIN_MS
  for (;;) {
    const call = notes.call('open', '', {})
    try {
      await locks.open()
      return call.ok()
    } catch (error) {
      call.fail(error)
      if (!(error instanceof StoreUnavailable)) throw error
      if (performance.now() > limitMs) {
        throw new Error(`the store did not open within ${OPEN_WITHIN_MS} ms: ${error.message}`, { cause: error })
      }
    }
    await sleep(OPEN_PAUSE_MS)
  }
}

function take(locks: Locks, { k, mode, weight, capacity }: Form, wait: number): Promise<Lease> {
  if (mode === 'permit') return locks.semaphore(k, { permits: capacity }).acquire({ wait, take: weight })
  if (capacity === 1) return locks.acquire(k, { wait })
  const { read, write } = locks.readWrite(k)
  return (mode === 'shared' ? read : write).acquire({ wait })
}

function grantOf(lease: Lease): Grant {
  return {
    token: lease.token,
    signal: lease.signal,
    isHeld: () => lease.isHeld(),
    remainingMs: () => lease.remainingMs,
    release: () => lease.release(),
  }
}
