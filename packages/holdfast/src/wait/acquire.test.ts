import { describe, expect, test } from 'vitest'
import type { FaultPlan } from '../testing/unreliable.ts'
import { world } from '../client/clients.fixture.ts'
import { counting } from './counting.fixture.ts'
import { Misuse, StoreUnavailable, WaitTimeout } from '../store/errors.ts'

describe('waiting for a turn', () => {
  test('waiters are served in the order they came, each by a push', async () => {
    const { clock, client } = world()
    const first = await client().locks.acquire('seat')
    const served: number[] = []
    const startedMs = clock.monotonicMs()
    const waits = Array.from({ length: 20 }, async (_, n) => {
      const lease = await client().locks.acquire('seat')
      served.push(n)
      await lease.release()
    })
    await clock.advance(1)
    await first.release()
    await Promise.all(waits)
    expect(served).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(clock.monotonicMs() - startedMs).toBeLessThanOrEqual(1)
  })

  test('without a single hint every waiter is served all the same, by its own timers', async () => {
    const { clock, client } = world()
    const deaf: FaultPlan = (_, method) => (method === 'watch' ? { kind: 'no-hint' } : undefined)
    const first = await client({}, deaf).locks.acquire('seat')
    let served = 0
    const waits = Array.from({ length: 5 }, async () => {
      const lease = await client({}, deaf).locks.acquire('seat')
      served += 1
      await lease.release()
    })
    await clock.advance(1)
    await first.release()
    await clock.advance(29_000)
    await Promise.all(waits)
    expect(served).toBe(5)
  })

  test('the next in line gets the lock when the holder vanished', async () => {
    const { clock, client } = world()
    const vanished = client()
    await vanished.locks.acquire('seat')
    vanished.store.freeze()
    const startedMs = clock.monotonicMs()
    const waiting = client().locks.acquire('seat')
    let grantedMs = 0
    void waiting.then(() => (grantedMs = clock.monotonicMs() - startedMs))
    await clock.advance(9_000 + 20)
    expect(grantedMs).toBeGreaterThanOrEqual(9_000)
    await (await waiting).release()
  })

  test('the wait is counted once from the call, over fifty wake-ups', async () => {
    const { clock, client } = world()
    const holder = await client().locks.acquire('seat')
    const startedMs = clock.monotonicMs()
    let endedMs = 0
    const waiting = client()
      .locks.acquire('seat', { wait: '10s' })
      .catch((error: unknown) => {
        endedMs = clock.monotonicMs() - startedMs
        return error
      })
    for (let n = 0; n < 50; n += 1) {
      void client()
        .locks.acquire('seat', { wait: 50 })
        .catch(() => undefined)
      await clock.advance(200)
    }
    expect(await waiting).toBeInstanceOf(WaitTimeout)
    expect(endedMs).toBe(10_000)
    await holder.release()
  })

  test('a wait lasts as long as it was asked for, and with a signal until that aborts', async () => {
    const { clock, client } = world()
    const first = await client().locks.acquire('seat')
    const patient = [
      client().locks.acquire('seat', { wait: '2h' }),
      client().locks.acquire('seat', { signal: new AbortController().signal }),
    ]
    await clock.advance(3_600_000)
    await first.release()
    for (const waiting of patient) await (await waiting).release()
  })

  test('an aborted wait rejects with the reason of its signal, and its claim leaves the line', async () => {
    const { clock, client, line } = world()
    const holder = await client().locks.acquire('seat')
    const controller = new AbortController()
    const waiting = client().locks.acquire('seat', { signal: controller.signal })
    await clock.advance(1)
    expect((await line('seat')).claims).toHaveLength(2)
    const reason = new Error('the user went away')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    await clock.advance(1)
    expect((await line('seat')).claims).toHaveLength(1)
    await holder.release()
  })

  test('a signal that was aborted before sends nothing', async () => {
    const { client } = world()
    const { locks, store } = client()
    await expect(locks.acquire('seat', { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
    expect(store.calls).toBe(0)
  })

  test('a grant that races the end of the wait is given back', async () => {
    const { clock, client, line } = world()
    const holder = await client().locks.acquire('seat')
    const late: FaultPlan = (_, method) => (method === 'watch' ? { kind: 'delayed', replyMs: 2_000 } : undefined)
    const waiting = client({}, late).locks.acquire('seat', { wait: '700ms' })
    waiting.catch(() => undefined)
    await clock.advance(500)
    await holder.release()
    await clock.advance(300)
    await expect(waiting).rejects.toBeInstanceOf(WaitTimeout)
    await clock.advance(100)
    expect((await line('seat')).claims).toHaveLength(0)
  })

  test('hints that repeat for ever do not make a waiter ask without pause', async () => {
    const { clock, client } = world()
    const holder = await client().locks.acquire('seat')
    const { plan, calls } = counting((_, method) => (method === 'watch' ? { kind: 'early-hint' } : undefined))
    const waiting = client({}, plan).locks.acquire('seat', { wait: '5s' })
    waiting.catch(() => undefined)
    await clock.advance(5_000)
    await expect(waiting).rejects.toBeInstanceOf(WaitTimeout)
    expect(calls['enter']).toBeLessThan(100)
    await holder.release()
  })

  test('a waiter that stalled past its place stands in line anew and is served', async () => {
    const { clock, client } = world()
    const holder = await client().locks.acquire('seat')
    const stalled = client()
    const waiting = stalled.locks.acquire('seat', { wait: '1h' })
    await clock.advance(1)
    stalled.store.freeze()
    await clock.advance(20_000)
    stalled.store.thaw()
    await clock.advance(1_000)
    await holder.release()
    await clock.advance(10_000)
    await (await waiting).release()
  })
})

describe('the line and the client', () => {
  test('one name has one kind and one capacity', async () => {
    const { client } = world()
    const { locks } = client()
    const lease = await locks.acquire('seat')
    await expect(locks.semaphore('seat', { permits: 3 }).acquire()).rejects.toBeInstanceOf(Misuse)
    await lease.release()
    await (await locks.semaphore('seat', { permits: 3 }).acquire()).release()
  })

  test('closing ends every wait, gives every lease back and refuses what comes later', async () => {
    const { clock, client, line } = world()
    const { locks } = client()
    const other = await client().locks.acquire('taken')
    const lease = await locks.acquire('seat')
    const waiting = locks.acquire('taken')
    waiting.catch(() => undefined)
    await clock.advance(1)
    await locks.close()
    await expect(waiting).rejects.toBeInstanceOf(StoreUnavailable)
    expect(lease.state).toBe('lost')
    expect(String(lease.signal.reason)).toContain('closed')
    await expect(locks.acquire('seat')).rejects.toThrow('closed')
    expect((await line('seat')).claims).toHaveLength(0)
    expect((await line('taken')).claims).toHaveLength(1)
    expect(locks.health().state).toBe('closed')
    await other.release()
  })

  test('closing takes at most five seconds when the store is frozen', async () => {
    const { clock, client } = world()
    const { locks, store } = client()
    await locks.acquire('seat')
    store.freeze()
    let closed = false
    void locks.close().then(() => (closed = true))
    await clock.advance(9_000)
    expect(closed).toBe(true)
  })

  test('a listener that throws disturbs nobody and reaches the logger', async () => {
    const { client } = world()
    const said: string[] = []
    const say = (message: string): void => void said.push(message)
    const { locks } = client({ logger: { debug: say, info: say, warn: say, error: say } })
    locks.on('acquired', () => {
      throw new Error('listener broke')
    })
    await (await locks.acquire('seat')).release()
    expect(said.join()).toContain('listener broke')
  })
})
