/** Who of a crowd looks for a push that was lost, and how often. */
import { describe, expect, test } from 'vitest'
import type { FaultPlan } from '../testing/unreliable.ts'
import { world } from '../client/clients.fixture.ts'
import type { OpenStore } from '../store/store.ts'

const deaf: FaultPlan = (_, method) => (method === 'watch' ? { kind: 'no-hint' } : undefined)
const WAIT = { wait: '10m', ttl: '30s' } as const

/** How many claims are renewed. */
function countingRenewals(): { count: number; readonly around: (open: OpenStore) => Partial<OpenStore> } {
  const counted = {
    count: 0,
    around: (open: OpenStore): Partial<OpenStore> => ({
      renew(renewals) {
        counted.count += renewals.length
        return open.renew(renewals)
      },
    }),
  }
  return counted
}

test('of a crowd in one line the first looks every second, the others when their places need it', async () => {
  const { clock, client } = world()
  await client().locks.acquire('seat', { ttl: '10m' })
  const renewals = countingRenewals()
  const { locks } = client({}, undefined, renewals.around)
  const waiting = Array.from({ length: 100 }, () => locks.acquire('seat', WAIT))
  for (const wait of waiting) wait.catch(() => undefined)
  await clock.advance(60_000)
  // Some sixty looks of the first; two fifths of a place are 6 s, less what a renewal may be early to travel in company.
  expect(renewals.count).toBeGreaterThan(60 + 99 * 8)
  expect(renewals.count).toBeLessThan(80 + 99 * 13)
  await locks.close()
})

test('the next one looks soon when the first gives up, and finds the push that was lost', async () => {
  const { clock, client } = world()
  const holder = await client().locks.acquire('seat', { ttl: '10m' })
  const { locks } = client({}, deaf)
  const giving = new AbortController()
  const first = locks.acquire('seat', { ...WAIT, signal: giving.signal })
  await clock.advance(10)
  const second = locks.acquire('seat', WAIT)
  first.catch(() => undefined)
  let granted = false
  void second.then(() => (granted = true))
  await clock.advance(1_000)
  giving.abort()
  await clock.advance(10)
  await holder.release()
  await clock.advance(1_500)
  expect(granted).toBe(true)
  await locks.close()
})

test('where several are granted at once and no push arrives, the first to find out has the others look', async () => {
  const { clock, client } = world()
  const all = await client().locks.semaphore('pool', { permits: 3 }).acquire({ take: 3, ttl: '10m' })
  const { locks } = client({}, deaf)
  let granted = 0
  const waiting = Array.from({ length: 3 }, () => locks.semaphore('pool', { permits: 3 }).acquire(WAIT))
  for (const wait of waiting) void wait.then(() => (granted += 1))
  await clock.advance(10)
  await all.release()
  await clock.advance(1_500)
  expect(granted).toBe(3)
  await locks.close()
})

test('a waiter behind others looks soon when it is told that it is the next, and finds the push that was lost', async () => {
  const { clock, client } = world()
  const holder = await client().locks.acquire('seat', { ttl: '10m' })
  const giving = new AbortController()
  const head = client().locks.acquire('seat', { ...WAIT, signal: giving.signal })
  head.catch(() => undefined)
  await clock.advance(10)
  // The first message arrives, that it is the next; the grant is lost.
  let watches = 0
  const deafLater: FaultPlan = (_, method) => {
    if (method !== 'watch') return undefined
    watches += 1
    return watches > 1 ? { kind: 'no-hint' } : undefined
  }
  const renewals = countingRenewals()
  const second = client({}, deafLater, renewals.around).locks.acquire('seat', WAIT)
  let granted = false
  void second.then(() => (granted = true))
  await clock.advance(2_000)
  expect(renewals.count).toBe(0)
  giving.abort()
  await clock.advance(10)
  await holder.release()
  await clock.advance(1_500)
  expect(granted).toBe(true)
})

describe('on a store that cannot push', () => {
  const WAITERS = 40

  /** How often it is asked whose turn it is. */
  function countingAsks(): { count: number; readonly around: (open: OpenStore) => Partial<OpenStore> } {
    const counted = {
      count: 0,
      around: (open: OpenStore): Partial<OpenStore> => ({
        facts: { ...open.facts, wakeUp: 'poll' },
        enter(claim) {
          counted.count += 1
          return open.enter(claim)
        },
        renew(renewals) {
          counted.count += renewals.length
          return open.renew(renewals)
        },
      }),
    }
    return counted
  }

  test('one waiter of a process looks for all behind it, whose places are kept', async () => {
    const { clock, client } = world()
    await client().locks.acquire('seat', { ttl: '10m' })
    const asks = countingAsks()
    const { locks } = client({}, undefined, asks.around)
    const waiting = Array.from({ length: WAITERS }, () => locks.acquire('seat', WAIT))
    for (const wait of waiting) wait.catch(() => undefined)
    await clock.advance(1_000)
    asks.count = 0
    await clock.advance(12_000)
    // Some hundred looks of the first five, which are near; each of the others keeps its place twice or thrice.
    expect(asks.count).toBeGreaterThan(WAITERS * 2)
    expect(asks.count).toBeLessThan(WAITERS * 3 + 200)
    await locks.close()
  })

  test('the one behind a waiter that was granted looks at once, and all are served in order and soon', async () => {
    const { clock, client } = world()
    const holder = await client().locks.acquire('seat', { ttl: '10m' })
    const { locks } = client({}, undefined, countingAsks().around)
    const served: number[] = []
    const turns = Array.from({ length: WAITERS }, async (_, waiter) => {
      const lease = await locks.acquire('seat', WAIT)
      served.push(waiter)
      await lease.release()
    })
    await clock.advance(10_000)
    await holder.release()
    await clock.advance(WAITERS * 40)
    expect(served).toEqual(Array.from({ length: WAITERS }, (_, waiter) => waiter))
    await Promise.all(turns)
    await locks.close()
  })
})
