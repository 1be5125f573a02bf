/**
 * What other lock libraries got wrong on Redis, through the front door and on a real server. docs/known-defects.md says
 * which library and which test; those that needed no server are tested where the rule is.
 * @module-tag real-time
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { patient } from '@holdfast/testbed/watchdog/pace'
import { type Clock, systemClock } from '../../time/clock.ts'
import type { HoldfastOptions } from '../../client/options.ts'
import { holdfast } from '../../holdfast.ts'
import type { Locks } from '../../recipes/locks.ts'
import { redis } from './index.ts'
import { Stage } from './redis.fixture.ts'

const SEAT = 'seat'
let stage: Stage
let engine: Engine

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new Stage()
  engine = await stage.server()
})
afterEach(() => stage[Symbol.asyncDispose]())

function client(options: HoldfastOptions, url = engine.url): Locks {
  const locks = holdfast(redis(stage.client({ url })), options)
  stage.ending(() => locks.close())
  return locks
}

async function behindProxy(options: HoldfastOptions): Promise<{ locks: Locks; proxy: Proxy }> {
  const proxy = await openProxy(engine)
  stage.ending(() => proxy.close())
  return { proxy, locks: client(options, proxy.through(engine.url)) }
}

/** Nothing of this process runs meanwhile: no timer, no renewal. */
function stall(ms: number): void {
  const untilMs = performance.now() + ms
  while (performance.now() < untilMs);
}

async function scriptsRun(): Promise<number> {
  const stats = await stage.client(engine).info('commandstats')
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

describe('the end of a lease', () => {
  test('giving back a lease that is over is quick, throws nothing and says so', async () => {
    const lease = await client({ ttl: 300 }).acquire(SEAT)
    stall(400)
    const startMs = performance.now()
    expect(await lease.release()).toBe('expired')
    expect(performance.now() - startMs).toBeLessThan(patient(1_000))
  })

  test('work that slept through its lease learns it at the first look, and its result is not thrown away', async () => {
    const seen: boolean[] = []
    const working = client({ ttl: 300 }).using(SEAT, async (lease) => {
      seen.push(lease.signal.aborted)
      stall(500)
      seen.push(lease.signal.aborted)
      return 'receipt 17'
    })
    await expect(working).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 'receipt 17' } })
    expect(seen).toEqual([false, true])
  })

  test('a lease counts from the request that got it, not from the beginning of the wait', async () => {
    const locks = client({ ttl: '2s' })
    const first = await locks.acquire(SEAT)
    const waiting = locks.acquire(SEAT)
    await sleep(1_800)
    await first.release()
    expect((await waiting).remainingMs).toBeGreaterThan(1_000)
  })

  test('a holder whose connection is cut is told before the server gives the lock on', async () => {
    const { locks, proxy } = await behindProxy({ ttl: '2s' })
    const lease = await locks.acquire(SEAT)
    const next = client({ ttl: '2s' }).acquire(SEAT)
    const told = new Promise<number>((resolve) => {
      lease.signal.addEventListener('abort', () => resolve(performance.now()))
    })
    const order: string[] = []
    proxy.set({ kind: 'cut' })
    await Promise.all([told.then(() => order.push('told')), next.then(() => order.push('given on'))])
    expect(order).toEqual(['told', 'given on'])
    expect(lease.isHeld()).toBe(false)
  })
})

describe('renewal', () => {
  test('a server that stands still for longer than the lease costs the lease, and no unhandled rejection', async () => {
    const locks = client({ ttl: '1s' })
    const lost: string[] = []
    locks.on('lost', ({ name }) => lost.push(name))
    const lease = await locks.acquire(SEAT)
    const startMs = performance.now()
    const told = new Promise<number>((resolve) => {
      lease.signal.addEventListener('abort', () => resolve(performance.now() - startMs))
    })
    await engine.pause()
    // Vitest fails the run for a rejection without a handler.
    expect(await told).toBeLessThan(2_000)
    await sleep(1_500)
    expect(lease.isHeld()).toBe(false)
    expect(lost).toEqual([SEAT])
    await engine.resume()
  })

  test('a short lease is renewed at a third of it, and not without pause', async () => {
    const lease = await client({ ttl: 400 }).acquire(SEAT)
    const before = await scriptsRun()
    await sleep(2_000)
    expect(lease.isHeld()).toBe(true)
    const renewals = (await scriptsRun()) - before
    // Fifteen and the first: jitter makes it one or two more.
    expect(renewals).toBeGreaterThan(5)
    expect(renewals).toBeLessThan(25)
  })

  test('one failed renewal is jeopardy and no loss; a real loss makes using reject', async () => {
    const { locks, proxy } = await behindProxy({ ttl: '3s' })
    const jeopardies: number[] = []
    locks.on('jeopardy', ({ remainingMs }) => jeopardies.push(remainingMs))
    const renewed = (): Promise<void> => new Promise((resolve) => locks.on('renewed', () => resolve()))
    const working = locks.using(SEAT, async (lease) => {
      proxy.set({ kind: 'cut' })
      await expect.poll(() => jeopardies.length).toBeGreaterThan(0)
      expect(lease.signal.aborted).toBe(false)
      proxy.set({ kind: 'pass' })
      await renewed()
      expect(lease.state).toBe('held')
      proxy.set({ kind: 'black-hole' })
      await new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
      proxy.set({ kind: 'pass' })
      return 'done'
    })
    // With what the work returned: an expectation of it that failed would be carried by the loss as well.
    await expect(working).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 'done' } })
  })

  test('work of several leases has the lock alone until it ends', async () => {
    const other = client({ ttl: 300 })
    await client({ ttl: 300 }).using(SEAT, async (lease) => {
      for (let look = 0; look < 10; look += 1) {
        await sleep(100)
        expect(await other.tryAcquire(SEAT)).toBeNull()
      }
      expect(lease.signal.aborted).toBe(false)
    })
    expect(await other.tryAcquire(SEAT)).not.toBeNull()
  })
})

describe('a client whose wall clock is wrong', () => {
  const wrong = (byMs: number): Clock => ({
    monotonicMs: () => systemClock.monotonicMs(),
    wallMs: () => systemClock.wallMs() + byMs,
    schedule: (delayMs, callback) => systemClock.schedule(delayMs, callback),
  })

  test.each([-600_000, 600_000])('by %d ms takes no permit from a holder, and keeps its own', async (byMs) => {
    const right = client({ ttl: '1s' }).semaphore('pool', { permits: 2 })
    const off = client({ ttl: '1s', clock: wrong(byMs) }).semaphore('pool', { permits: 2 })
    const [one, two] = [await right.acquire(), await off.acquire()]
    await sleep(1_500)
    expect(await right.tryAcquire()).toBeNull()
    expect(await off.tryAcquire()).toBeNull()
    expect([one.isHeld(), two.isHeld()]).toEqual([true, true])
    expect([await one.release(), await two.release()]).toEqual(['released', 'released'])
  })
})
