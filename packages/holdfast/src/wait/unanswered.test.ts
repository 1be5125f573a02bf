import { describe, expect, test } from 'vitest'
import type { FaultPlan, StoreMethod } from '../testing/unreliable.ts'
import { world } from '../client/clients.fixture.ts'
import { counting } from './counting.fixture.ts'
import { StoreUnavailable, WaitTimeout } from '../store/errors.ts'

/** The fault for the first call of a method only. */
function once(method: StoreMethod, fault: ReturnType<FaultPlan>): FaultPlan {
  let done = false
  return (_, called) => {
    if (done || called !== method) return undefined
    done = true
    return fault
  }
}

describe('answers that do not come', () => {
  test('a lost reply to the first ask costs a fifth of a second, and there is one claim', async () => {
    for (const silence of ['hangs', 'throws'] as const) {
      const { clock, client, line } = world()
      const { locks } = client({}, once('enter', { kind: 'lost-reply', silence }))
      const startedMs = clock.monotonicMs()
      let tookMs = Number.NaN
      const waiting = locks.acquire('seat')
      void waiting.then(() => (tookMs = clock.monotonicMs() - startedMs))
      await clock.advance(300)
      expect(tookMs).toBeLessThanOrEqual(300)
      expect((await line('seat')).claims).toHaveLength(1)
      await (await waiting).release()
    }
  })

  test('a duplicate of the ask that arrives after the release holds nothing up', async () => {
    const { clock, client, line } = world()
    const plan = once('enter', { kind: 'delayed', requestMs: 5_000 })
    const lease = await Promise.all([client({}, plan).locks.acquire('seat'), clock.advance(1_000)]).then(([l]) => l)
    await lease.release()
    await clock.advance(4_500)
    expect((await line('seat')).claims).toHaveLength(0)
  })

  test('a free lock is granted however short the wait is beside the answer of the store', async () => {
    for (const wait of [0, 1, 25]) {
      const { clock, client } = world()
      const slow: FaultPlan = (_, method) =>
        method === 'enter' || method === 'open' ? { kind: 'delayed', requestMs: 40, replyMs: 40 } : undefined
      const waiting = client({}, slow).locks.acquire('seat', { wait })
      await clock.advance(500)
      expect((await waiting).isHeld()).toBe(true)
    }
  })

  test('from the first answer on a short wait is as short as it says', async () => {
    const { clock, client, line } = world()
    await client().locks.acquire('seat', { ttl: '1m' })
    const slow: FaultPlan = (_, method) => (method === 'enter' ? { kind: 'delayed', replyMs: 40 } : undefined)
    const waiting = client({}, slow).locks.acquire('seat', { wait: 25 })
    waiting.catch(() => undefined)
    await clock.advance(60)
    await expect(waiting).rejects.toBeInstanceOf(WaitTimeout)
    expect((await line('seat')).claims).toHaveLength(1)
  })

  test('an ask that arrives after the wait ended is undone', async () => {
    const { clock, client, line } = world()
    const slow: FaultPlan = (_, method) => (method === 'enter' ? { kind: 'delayed', requestMs: 7_000 } : undefined)
    const waiting = client({}, slow).locks.acquire('seat', { wait: 100 })
    waiting.catch(() => undefined)
    await clock.advance(5_100)
    await expect(waiting).rejects.toBeInstanceOf(StoreUnavailable)
    await clock.advance(8_000)
    expect((await line('seat')).claims).toHaveLength(0)
  })

  test('a busy store is asked again', async () => {
    const { clock, client } = world()
    let busy = 5
    const plan: FaultPlan = (_, method) => (method === 'enter' && busy-- > 0 ? { kind: 'not-applied' } : undefined)
    const waiting = client({}, plan).locks.tryAcquire('seat')
    await clock.advance(1_000)
    expect(await waiting).not.toBeNull()
  })

  test('a store that stays away is named as what stood in the way', async () => {
    const { clock, client } = world()
    const plan: FaultPlan = (_, method) => (method === 'enter' ? { kind: 'unavailable' } : undefined)
    const { plan: counted, calls } = counting(plan)
    const waiting = client({}, counted).locks.acquire('seat', { wait: '2s' })
    waiting.catch(() => undefined)
    await clock.advance(5_000)
    await expect(waiting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', resource: 'seat' })
    // The pauses are drawn by lot: some fifty as a rule.
    expect(calls['enter']).toBeLessThan(100)
  })

  test('a try gives up after five seconds without an answer, and leaves nothing behind', async () => {
    const { clock, client, line } = world()
    const { locks, store } = client()
    await locks.open()
    store.freeze()
    const trying = locks.tryAcquire('seat')
    trying.catch(() => undefined)
    await clock.advance(5_000)
    await expect(trying).rejects.toBeInstanceOf(StoreUnavailable)
    store.thaw()
    await clock.advance(1_000)
    expect((await line('seat')).claims).toHaveLength(0)
  })
})
