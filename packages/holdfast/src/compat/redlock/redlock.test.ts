/**
 * What redlock's own suite promises (its single and multi instance tests), and where the shim differs on purpose.
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Redis } from 'ioredis'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { patient } from '@holdfast/testbed/watchdog/pace'
import { LeaseLost, StoreUnavailable, Unsupported, WaitTimeout } from '../../store/errors.ts'
import { ExecutionError, Redlock, ResourceLockedError } from './index.ts'
import { parseSequencer } from '../../lease/sequencer.ts'
import { Stage } from '../../stores/redis/redis.fixture.ts'

const stage = new Stage()
let engines: readonly Engine[] = []
let clients: readonly Redis[] = []
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (engines.length > 0) return
  engines = await Promise.all([1, 2, 3].map(() => stage.server()))
  clients = engines.map((engine) => stage.client(engine))
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `{redlock}${(names += 1)}`

function over(count: 1 | 3, settings = {}): Redlock {
  const redlock = new Redlock(clients.slice(0, count), { retryCount: 2, retryDelay: 100, ...settings })
  // Not `quit`, which would end the clients of the other tests.
  stage.ending(() => redlock.close())
  return redlock
}

async function isFree(resource: string, count: 1 | 3 = 1): Promise<boolean> {
  const probe = over(count, { retryCount: 0 })
  const lock = await probe.acquire([resource], 1_000).catch((error: unknown) => {
    if (error instanceof ExecutionError) return undefined
    throw error
  })
  await lock?.release()
  return lock !== undefined
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe.each([
  ['one server', 1],
  ['three servers', 3],
] as const)('on %s', (_, count) => {
  test('acquires, extends, and releases a single lock', async () => {
    const redlock = over(count)
    const resource = fresh()
    const first = await redlock.acquire([resource], 5_000)
    expect(first.expiration - Date.now()).toBeLessThanOrEqual(5_000)
    expect(await isFree(resource, count)).toBe(false)
    const second = await first.extend(15_000)
    expect(first.expiration).toBe(0)
    expect(second.expiration - Date.now()).toBeGreaterThan(10_000)
    expect(second.value).toBe(first.value)
    await second.release()
    expect(second.expiration).toBe(0)
    expect(await isFree(resource, count)).toBe(true)
  })

  test('acquires, extends, and releases a multi-resource lock', async () => {
    const redlock = over(count)
    const resources = [fresh(), fresh()]
    const lock = await (await redlock.acquire(resources, 5_000)).extend(6_000)
    for (const resource of resources) expect(await isFree(resource, count)).toBe(false)
    await lock.release()
    for (const resource of resources) expect(await isFree(resource, count)).toBe(true)
  })

  test('locks automatically expire', async () => {
    const redlock = over(count)
    const resource = fresh()
    await redlock.acquire([resource], 200)
    await later(300)
    const next = await redlock.acquire([resource], 1_000)
    await next.release()
  })

  test('individual locks are exclusive, and the refusal says who was in the way', async () => {
    const redlock = over(count)
    const resource = fresh()
    const lock = await redlock.acquire([resource], 5_000)
    const refusal = await redlock.acquire([resource], 5_000).catch((error: unknown) => error)
    if (!(refusal instanceof ExecutionError)) throw new Error('it was not refused', { cause: refusal })
    expect(refusal.cause).toBeInstanceOf(WaitTimeout)
    const [stats] = await Promise.all(refusal.attempts)
    expect(stats).toMatchObject({ membershipSize: count, quorumSize: Math.floor(count / 2) + 1 })
    for (const vote of stats?.votesAgainst.values() ?? []) expect(vote).toBeInstanceOf(ResourceLockedError)
    await lock.release()
  })

  test('overlapping multi-locks are exclusive, and what was free stays free', async () => {
    const redlock = over(count)
    const [one, both, other] = [fresh(), fresh(), fresh()]
    const lock = await redlock.acquire([one, both], 5_000)
    await expect(redlock.acquire([both, other], 5_000)).rejects.toBeInstanceOf(ExecutionError)
    expect(await isFree(other, count)).toBe(true)
    await lock.release()
  })

  test('the using helper acquires, extends, and releases locks', async () => {
    const redlock = over(count)
    const resource = fresh()
    const answer = await redlock.using([resource], 300, { automaticExtensionThreshold: 100 }, async (signal) => {
      await later(700)
      expect(signal.aborted).toBe(false)
      expect(signal.error).toBeUndefined()
      expect(await isFree(resource, count)).toBe(false)
      return 'done'
    })
    expect(answer).toBe('done')
    expect(await isFree(resource, count)).toBe(true)
  })

  test('the using helper is exclusive', async () => {
    const redlock = over(count, { retryCount: 20 })
    const resource = fresh()
    let inside = 0
    const routine = async (): Promise<number> => {
      const seen = (inside += 1)
      await later(100)
      inside -= 1
      return seen
    }
    const seen = await Promise.all([1, 2, 3].map(() => redlock.using([resource], 1_000, routine)))
    expect(seen).toEqual([1, 1, 1])
  })
})

test('locks fail when redis is unreachable, with the reason of the store', async () => {
  const engine = await stage.server()
  const client = stage.client(engine)
  client.options.maxRetriesPerRequest = 0
  const redlock = new Redlock([client], { retryCount: 1 })
  stage.ending(() => redlock.close())
  const errors: unknown[] = []
  redlock.on('error', (error) => errors.push(error))
  await redlock.acquire([fresh()], 1_000)
  await engine.kill()
  const failure = await redlock.acquire([fresh()], 1_000).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(ExecutionError)
  expect(failure).toMatchObject({ cause: expect.any(StoreUnavailable) })
  expect(errors).toHaveLength(1)
})

test('succeeds when a minority of clients fail, and fails when a majority does', async () => {
  const three = await Promise.all([1, 2, 3].map(() => stage.server()))
  const redlock = new Redlock(
    three.map((engine) => stage.client(engine)),
    { retryCount: 2 },
  )
  stage.ending(() => redlock.close())
  await (await redlock.acquire(['warm'], 1_000)).release()
  await three[2]?.kill()
  const lock = await redlock.acquire(['b'], 5_000)
  expect((await lock.extend(5_000)).token).toBe(lock.token)
  await lock.release()
  await three[1]?.kill()
  await expect(redlock.acquire(['c'], 5_000)).rejects.toBeInstanceOf(ExecutionError)
})

test('a lock has a token, which rises, and guards take its leases', async () => {
  const redlock = over(1)
  const resource = fresh()
  const first = await redlock.acquire([resource], 1_000)
  await first.release()
  const second = await redlock.acquire([resource], 1_000)
  expect(second.token).toBeGreaterThan(first.token ?? 0n)
  expect(parseSequencer(second.value)).toMatchObject({ name: resource, token: second.token })
  expect(second.leases).toHaveLength(1)
  await second.release()
})

// D3 of the traps: redlock retries the release of an expired lock for two seconds and throws.
test('the time that was spent waiting is not taken from the lock', async () => {
  const redlock = over(1, { retryCount: 20 })
  const resource = fresh()
  const held = await redlock.acquire([resource], 10_000)
  const waiting = redlock.acquire([resource], 2_000)
  await later(1_200)
  await held.release()
  const lock = await waiting
  // Redlock 5.0.0-beta.2 counted from the first ask: after a wait of 0.9 s, 61 ms of a second were left.
  expect(lock.expiration - Date.now()).toBeGreaterThan(1_500)
  await lock.release()
})

test('the release of an expired lock answers at once and does not throw', async () => {
  const redlock = over(1)
  const lock = await redlock.acquire([fresh()], 100)
  await later(150)
  const startedMs = performance.now()
  await lock.release()
  expect(performance.now() - startedMs).toBeLessThan(patient(1_000))
  await expect(lock.extend(1_000)).rejects.toThrow('Cannot extend an already-expired lock.')
})

// D6: after a stall no timer has run, and the signal of redlock says that all is well.
test('after a stall past the lease the signal says so at once, and the result of the routine is kept', async () => {
  const redlock = over(1)
  const work = redlock.using([fresh()], 200, async (signal) => {
    const untilMs = performance.now() + 400
    while (performance.now() < untilMs);
    expect(signal.aborted).toBe(true)
    expect(signal.error).toBeInstanceOf(LeaseLost)
    return 'receipt'
  })
  await expect(work).rejects.toMatchObject({ code: 'LEASE_LOST', outcome: { returned: 'receipt' } })
})

test('what the routine throws is what using rejects with', async () => {
  const redlock = over(1)
  await expect(redlock.using([fresh()], 1_000, () => Promise.reject(new RangeError('mine')))).rejects.toThrow(
    RangeError,
  )
})

test('a duration that is no whole number of milliseconds from 1 is refused before anything is sent', async () => {
  const redlock = over(1)
  await expect(redlock.acquire([fresh()], 0.5)).rejects.toThrow('Duration must be an integer value in milliseconds.')
  await expect(redlock.acquire([fresh()], 0)).rejects.toBeInstanceOf(Unsupported)
  expect(() => new Redlock([])).toThrow('at least one redis client')
})

test('quit gives everything back and ends the clients', async () => {
  const engine = await stage.server()
  const redlock = new Redlock([stage.client(engine)])
  await redlock.acquire(['held'], 60_000)
  await redlock.quit()
  const next = new Redlock([stage.client(engine)], { retryCount: 0 })
  await (await next.acquire(['held'], 1_000)).release()
  await next.quit()
})

describe.each([
  ['quits while it holds a lock', 'quit', 'ioredis', 3],
  ['ends its clients', 'clients', 'ioredis', 3],
  ['ends its clients', 'clients', 'redis', 3],
  ['ends its only client while it holds a lock', 'clients held', 'ioredis', 1],
] as const)('a program that %s', (_, way, driver, count) => {
  test(`is over then (${driver})`, { timeout: 25_000 }, async () => {
    const servers = await Promise.all(Array.from({ length: count }, () => stage.server()))
    const script = fileURLToPath(new URL('redlock.fixture.ts', import.meta.url))
    const quiet = '--disable-warning=ExperimentalWarning'
    const child = spawn(process.execPath, [quiet, script, way, driver, ...servers.map(({ url }) => url)])
    stage.ending(() => void child.kill('SIGKILL'))
    // A lock of ten minutes would keep it for as long.
    const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
    expect([said, code]).toEqual(['done', 0])
  })
})
