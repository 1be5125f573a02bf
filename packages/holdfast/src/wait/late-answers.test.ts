/** What happens when an answer comes after the moment has passed: each case broke an early version of the core. */
import { describe, expect, test } from 'vitest'
import { onCall, type FaultPlan } from '../testing/unreliable.ts'
import { settle } from '../testing/virtual-clock.ts'
import { world } from '../client/clients.fixture.ts'
import { WaitTimeout } from '../store/errors.ts'

describe('late answers', () => {
  test('a heartbeat that answers after the wait ended keeps nothing alive', async () => {
    for (const fault of [{ kind: 'delayed', replyMs: 3_000 }, { kind: 'unavailable' }] as const) {
      const { clock, client, line } = world()
      const holder = await client().locks.acquire('seat')
      let renewals = 0
      const plan: FaultPlan = (_, method) => {
        if (method !== 'renew') return undefined
        renewals += 1
        return fault
      }
      const waiting = client({}, plan).locks.acquire('seat', { wait: '1500ms' })
      waiting.catch(() => undefined)
      await clock.advance(5_000)
      await expect(waiting).rejects.toBeInstanceOf(WaitTimeout)
      await holder.release()
      const before = renewals
      await clock.advance(60_000)
      expect(renewals).toBe(before)
      expect(clock.timers).toBe(0)
      expect((await line('seat')).claims).toHaveLength(0)
    }
  })

  test('a waiter that missed its push finds its grant while it is provisional', async () => {
    const { clock, client } = world()
    const deaf: FaultPlan = (_, method) => (method === 'watch' ? { kind: 'no-hint' } : undefined)
    const holder = await client().locks.acquire('seat')
    let granted = false
    const waiting = client({}, deaf).locks.acquire('seat', { wait: '1m' })
    void waiting.then(() => (granted = true))
    await clock.advance(100)
    await holder.release()
    await clock.advance(1_500)
    expect(granted).toBe(true)
    await (await waiting).release()
  })

  test.each([100, 150, 250])('a pushed grant of a ttl of %d ms is renewed before it ends', async (ttl) => {
    const { clock, client } = world()
    const holder = await client().locks.acquire('seat', { ttl })
    const waiting = client().locks.acquire('seat', { ttl })
    await clock.advance(10)
    await holder.release()
    const lease = await waiting
    await clock.advance(2_000)
    expect(lease.isHeld()).toBe(true)
    await lease.release()
  })

  test('a grant that arrives after its own life is never handed out', async () => {
    const { clock, client, line } = world()
    const slow: FaultPlan = (index, method) =>
      method === 'enter' && index < 3 ? { kind: 'delayed', replyMs: 190 } : undefined
    const waiting = client({}, slow).locks.acquire('seat', { ttl: 150 })
    let wasHeld: boolean | undefined
    void waiting.then((lease) => (wasHeld = lease.isHeld()))
    await clock.advance(2_000)
    expect(wasHeld).toBe(true)
    expect((await line('seat')).claims).toHaveLength(1)
    await (await waiting).release()
  })

  test('a grant that is gone when it is confirmed is asked for anew, under another id', async () => {
    const { clock, client } = world()
    const slow: FaultPlan = (index, method) =>
      method === 'enter' && index < 2 ? { kind: 'delayed', replyMs: 195 } : undefined
    const waiting = client({}, slow).locks.acquire('seat', { ttl: 200, stopBefore: 100 })
    await clock.advance(3_000)
    const lease = await waiting
    expect(lease.isHeld()).toBe(true)
    await lease.release()
  })

  test('a store that ends every claim is not asked without pause', async () => {
    const { clock, client } = world()
    let asked = 0
    const slow: FaultPlan = (_, method) => (method === 'enter' ? { kind: 'delayed', replyMs: 1 } : undefined)
    const { locks } = client({}, slow, (open) => ({
      async enter(claim) {
        asked += 1
        await open.enter(claim)
        return { kind: 'gone' }
      },
    }))
    const waiting = locks.acquire('seat', { wait: '5s' })
    waiting.catch(() => undefined)
    await clock.advance(5_000)
    await expect(waiting).rejects.toBeInstanceOf(WaitTimeout)
    expect(asked).toBeLessThan(100)
  })

  test.each([250, 1_000, 2_000, 4_000])(
    'a store that takes %d ms for each answer gives the lock all the same',
    async (replyMs) => {
      const { clock, client } = world()
      const slow: FaultPlan = (_, method) => (method === 'enter' ? { kind: 'delayed', replyMs } : undefined)
      const startedMs = clock.monotonicMs()
      let tookMs = Number.NaN
      const trying = client({}, slow).locks.tryAcquire('seat', { ttl: '30s' })
      void trying.then(() => (tookMs = clock.monotonicMs() - startedMs))
      await clock.advance(6_000)
      expect((await trying)?.isHeld()).toBe(true)
      expect(tookMs).toBeLessThanOrEqual(replyMs + 50)
      await (await trying)?.release()
    },
  )

  test('an ask without any wait is answered in its own time', async () => {
    const { clock, client } = world()
    const slow: FaultPlan = (_, method) => (method === 'enter' ? { kind: 'delayed', replyMs: 50 } : undefined)
    const free = client({}, slow).locks.acquire('seat', { wait: 0 })
    await clock.advance(100)
    const lease = await free
    const taken = client({}, slow).locks.acquire('seat', { wait: 0 })
    taken.catch(() => undefined)
    await clock.advance(100)
    await expect(taken).rejects.toBeInstanceOf(WaitTimeout)
    await lease.release()
  })
})

describe('minimum holds', () => {
  test('names taken on the way to a set that failed are free at once', async () => {
    const { client } = world()
    const other = await client().locks.acquire('b')
    expect(await client().locks.tryAcquireAll(['a', 'b'], { minHold: '1h' })).toBeNull()
    expect(await client().locks.tryAcquire('a')).not.toBeNull()
    await other.release()
  })

  test('a lease given up by a stepped wall clock still keeps its minimum hold', async () => {
    const { clock, client } = world()
    const lease = await client().locks.acquire('nightly', { minHold: '1h' })
    clock.stepWall(60_000)
    expect(lease.state).toBe('lost')
    await lease.release()
    expect(await client().locks.tryAcquire('nightly')).toBeNull()
  })
})

describe('closing', () => {
  test('a client that was closed calls its store no more, also when nothing could be given back', async () => {
    const { clock, client } = world()
    const plan: FaultPlan = (_, method) => (method === 'leave' ? { kind: 'unavailable' } : undefined)
    const { locks, store } = client({}, plan)
    await locks.acquire('seat', { ttl: '1h' })
    const closing = locks.close()
    await clock.advance(6_000)
    await closing
    const before = store.calls
    await clock.advance(3_600_000)
    expect(store.calls).toBe(before)
    expect(clock.timers).toBe(0)
  })

  test('a lock that is granted in the moment of closing is given back', async () => {
    const { clock, client, line } = world()
    const { locks } = client({}, onCall(1, { kind: 'delayed', replyMs: 10 }))
    await locks.open()
    const waiting = locks.acquire('seat')
    waiting.catch(() => undefined)
    await clock.advance(9)
    const closing = clock.advance(1)
    const closed = locks.close()
    await closing
    await clock.advance(1_000)
    await closed
    await waiting.catch(() => undefined)
    expect((await line('seat')).claims).toHaveLength(0)
    await settle()
    expect(clock.timers).toBe(0)
  })

  test('work that runs under a lock when its client is closed is told, and its using rejects', async () => {
    const { clock, client } = world()
    const { locks } = client()
    let told = false
    const working = locks.using('seat', async (lease) => {
      lease.signal.addEventListener('abort', () => (told = true))
      void locks.close()
      await clock.advance(10)
      return 'half'
    })
    await expect(working).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 'half' } })
    expect(told).toBe(true)
  })

  test('an opening that hangs is given up after ten seconds, and the store is asked again', async () => {
    const { clock, client } = world()
    const { locks } = client({}, onCall(0, { kind: 'lost-request', silence: 'hangs' }))
    const first = locks.acquire('seat', { wait: '1m' })
    await clock.advance(12_000)
    await (await first).release()
    const never = client({}, (_, method) =>
      method === 'open' ? { kind: 'lost-request', silence: 'hangs' } : undefined,
    )
    const opening = never.locks.open()
    opening.catch(() => undefined)
    await clock.advance(10_100)
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  test('an opening that stays busy is repeated for ten seconds, and then says why it failed', async () => {
    const { clock, client } = world()
    let busy = 5
    const plan: FaultPlan = (_, method) => (method === 'open' && busy-- > 0 ? { kind: 'not-applied' } : undefined)
    const opening = client({}, plan).locks.open()
    await clock.advance(1_000)
    expect((await opening).order).toBe('fifo')
    const never = client({}, (_, method) => (method === 'open' ? { kind: 'not-applied' } : undefined)).locks.open()
    never.catch(() => undefined)
    await clock.advance(12_000)
    await expect(never).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('stayed so'),
    })
    const silent = client({}, (_, method) =>
      method === 'open' ? { kind: 'lost-request', silence: 'throws' } : undefined,
    ).locks.open()
    silent.catch(() => undefined)
    await clock.advance(16_000)
    await expect(silent).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/asked again for 10000 ms: check that it runs/),
    })
  })

  test('a grant whose answer was almost as long under way as it lasts is renewed before it is handed out', async () => {
    const { clock, client } = world()
    const steps: string[] = []
    const slow: FaultPlan = (_, method) => {
      steps.push(method)
      return method === 'enter' ? { kind: 'delayed', replyMs: steps.length <= 2 ? 985 : 5_000 } : undefined
    }
    const { locks } = client({ ttl: '1s' }, slow)
    locks.on('acquired', () => steps.push('acquired'))
    const acquiring = locks.acquire('seat')
    await clock.advance(990)
    expect((await acquiring).isHeld()).toBe(true)
    expect(steps.filter((step) => step === 'renew' || step === 'acquired').slice(0, 2)).toEqual(['renew', 'acquired'])
    await locks.close()
  })

  test('a grant that was over before its renewal was answered is not handed out', async () => {
    const { clock, client } = world()
    const replyMs = { enter: [290, 5_000], renew: [350] }
    const slow: FaultPlan = (_, method) => {
      const delay = method === 'enter' || method === 'renew' ? replyMs[method].shift() : undefined
      return delay === undefined ? undefined : { kind: 'delayed', replyMs: delay }
    }
    const { locks } = client({ ttl: '300ms' }, slow)
    const acquiring = locks.acquire('seat')
    let held: boolean | undefined
    void acquiring.then((lease) => (held = lease.isHeld()))
    await clock.advance(1_000)
    expect(held).toBe(true)
    await locks.close()
  })

  test('an opening whose connection broke is repeated, and is never an unknown outcome for a caller', async () => {
    const { clock, client } = world()
    let broken = 2
    const plan: FaultPlan = (_, method) =>
      method === 'open' && broken-- > 0 ? { kind: 'lost-reply', silence: 'throws' } : undefined
    const taken = client({}, plan).locks.acquire('seat')
    await clock.advance(1_000)
    expect((await taken).isHeld()).toBe(true)
    const never = client({}, (_, method) => (method === 'open' ? { kind: 'lost-reply', silence: 'throws' } : undefined))
    const acquiring = never.locks.acquire('seat')
    acquiring.catch(() => undefined)
    await clock.advance(31_000)
    await expect(acquiring).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })

  test('a store that is refused for its class is closed again', async () => {
    const { client } = world()
    let closed = 0
    const { locks } = client({ require: 'durable' }, undefined, (open) => ({
      close() {
        closed += 1
        return open.close()
      },
    }))
    await expect(locks.open()).rejects.toThrow('best-effort')
    expect(closed).toBe(1)
  })
})
