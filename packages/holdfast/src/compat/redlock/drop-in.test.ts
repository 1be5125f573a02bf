/**
 * What programs written for redlock 5 lean on beside its promises: many objects over one client, what its errors carry,
 * arguments that may be left out, locks that are handed from one object to another.
 * @module-tag real-time
 */
import { inspect } from 'node:util'
import { Cluster, type Redis } from 'ioredis'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { patient } from '@holdfast/testbed/watchdog/pace'
import { LeaseLost, Misuse, Unsupported } from '../../store/errors.ts'
import { Stage } from '../../stores/redis/redis.fixture.ts'
import {
  ExecutionError,
  type ExecutionResult,
  Lock,
  Redlock,
  type RedlockClient,
  RedlockLock,
  ResourceLockedError,
  type Settings,
} from './index.ts'

const stage = new Stage()
let engines: readonly Engine[] = []
let clients: readonly Redis[] = []
let client: Redis
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (engines.length > 0) return
  engines = await Promise.all([1, 2, 3].map(() => stage.server()))
  clients = engines.map((engine) => stage.client(engine))
  const [first] = clients
  if (first !== undefined) client = first
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `drop-in ${(names += 1)}`

function over(given: readonly RedlockClient[] = [client], settings: Partial<Settings> = {}): Redlock {
  const redlock = new Redlock(given, { retryCount: 0, ...settings })
  stage.ending(() => redlock.close())
  return redlock
}

async function failureOf(work: Promise<unknown>): Promise<ExecutionError> {
  const error = await work.catch((failure: unknown) => failure)
  if (error instanceof ExecutionError) return error
  throw new Error('no ExecutionError', { cause: error })
}

async function isFree(resource: string): Promise<boolean> {
  const probe = over()
  const lock = await probe.acquire([resource], 1_000).catch(() => undefined)
  await lock?.release()
  return lock !== undefined
}

async function connectionsOf(seen: Redis): Promise<number> {
  return String(await seen.client('LIST'))
    .trim()
    .split('\n').length
}

describe('over the same clients', () => {
  test('one connection listens, however many are made', async () => {
    const own = stage.client(await stage.server())
    for (let round = 0; round < 50; round += 1) {
      const lock = await new Redlock([own]).acquire(['call'], 1_000)
      await lock.release()
    }
    expect(await connectionsOf(own)).toBe(2)
  })

  test('one connection listens to each, in whatever order they are given', async () => {
    const three = await Promise.all([1, 2, 3].map(async () => stage.client(await stage.server())))
    for (const order of [three, three.toReversed()]) {
      await (await over(order).acquire(['order'], 1_000)).release()
    }
    expect(await Promise.all(three.map(connectionsOf))).toEqual([2, 2, 2])
  })

  test('closing one leaves the locks of the others, and the last one ends the connection', async () => {
    const own = stage.client(await stage.server())
    const [one, other] = [over([own]), over([own])]
    await one.acquire(['one'], 60_000)
    const kept = await other.acquire(['kept'], 60_000)
    await one.close()
    expect(kept.leases.map((lease) => lease.isHeld())).toEqual([true])
    await (await other.acquire(['one'], 1_000)).release()
    expect(await connectionsOf(own)).toBe(2)
    await kept.release()
    await other.close()
    await expect.poll(() => connectionsOf(own)).toBe(1)
    // It opens again where there is one that was not closed.
    await (await over([own]).acquire(['kept'], 1_000)).release()
  })

  test('closing one tells its work, ends its waits and refuses what comes later', async () => {
    const [one, other] = [over([client], { retryCount: -1 }), over()]
    const [busy, resource] = [fresh(), fresh()]
    const lock = await other.acquire([busy], 60_000)
    const waiting = failureOf(one.acquire([busy], 1_000))
    const begun = Promise.withResolvers<void>()
    const work = one.using([resource], 60_000, async (signal) => {
      begun.resolve()
      await new Promise((aborted) => signal.addEventListener('abort', aborted))
      return 'receipt'
    })
    const ended = work.catch((error: unknown) => error)
    await begun.promise
    await one.close()
    expect(await ended).toBeInstanceOf(LeaseLost)
    expect(await ended).toMatchObject({ outcome: { returned: 'receipt' } })
    expect((await waiting).message).toContain('was closed')
    expect((await failureOf(one.acquire([resource], 1_000))).message).toContain('was closed')
    await (await other.acquire([resource], 1_000)).release()
    await lock.release()
  })

  test('a lock is extended and released by any of them, and one that is no lock is refused', async () => {
    const resource = fresh()
    const lock = await over().acquire([resource], 5_000)
    const extended = await new Redlock([client]).extend(lock, 10_000)
    expect(extended.value).toBe(lock.value)
    await new Redlock([client]).release(extended)
    expect(await isFree(resource)).toBe(true)
    const copy = Object.assign(Object.create(RedlockLock.prototype), { value: extended.value }) as RedlockLock
    await expect(over().release(copy)).rejects.toBeInstanceOf(Misuse)
    await expect(over().extend(copy, 1_000)).rejects.toBeInstanceOf(Misuse)
  })
})

describe('a failure', () => {
  test.each([
    ['the settings of redlock', {}, 11],
    ['no try again', { retryCount: 0 }, 1],
    ['tries without end', { retryCount: -1, retryDelay: 0 }, 1],
    ['a million tries', { retryCount: 1_000_000 }, 1_000],
  ])('has as many attempts as redlock makes: with %s', async (_, settings, count) => {
    const own = stage.client(await stage.server())
    await own.quit()
    const { attempts } = await failureOf(new Redlock([own], settings).acquire(['x'], 1_000))
    expect(attempts).toHaveLength(count)
    for (const { votesFor, votesAgainst } of await Promise.all(attempts)) {
      expect(votesFor.size).toBe(0)
      expect([...votesAgainst].map(([voter, { message }]) => [voter === own, message])).toEqual([
        [true, 'Connection is closed.'],
      ])
    }
  })

  test('on busy resources votes in the words of redlock', async () => {
    const resources = [fresh(), fresh()]
    const lock = await over(clients).acquire(resources.slice(1), 5_000)
    const { attempts } = await failureOf(over(clients).acquire(resources, 5_000))
    const [stats] = await Promise.all(attempts)
    const votes = [...(stats?.votesAgainst.values() ?? [])]
    expect(votes.map((vote) => vote instanceof ResourceLockedError)).toEqual([true, true, true])
    expect(votes[0]?.message).toBe('The operation was applied to: 0 of the 2 requested resources.')
    await lock.release()
  })
})

describe('a lock', () => {
  test('has its attempts, resources that may be changed, and its Redlock', async () => {
    const redlock = over(clients)
    const given = [fresh(), fresh()]
    const lock = await redlock.acquire(given, 5_000)
    expect(lock).toBeInstanceOf(Lock)
    expect(Lock).toBe(RedlockLock)
    expect(lock.redlock).toBe(redlock)
    const [stats] = await Promise.all(lock.attempts)
    expect(stats).toMatchObject({ membershipSize: 3, quorumSize: 2 })
    expect(stats?.votesFor.size).toBe(3)
    lock.resources.push('mine')
    expect(given).toHaveLength(2)
    const result: ExecutionResult = await lock.release()
    expect(result.attempts).toHaveLength(1)
    expect(Math.abs(Date.now() - result.start)).toBeLessThan(patient(5_000))
  })

  test('shows no password to those who print it', async () => {
    const secret = { quit: () => Promise.resolve(), options: { password: 'hunter2' } }
    const lock = await over().acquire([fresh()], 1_000)
    Object.assign(lock.redlock, { clients: new Set([secret]) })
    expect(inspect(lock, { depth: 9 })).not.toContain('hunter2')
    await lock.release()
  })

  test('ends earlier by the drift, as redlock counts it', async () => {
    const redlock = over([client], { driftFactor: 0.1 })
    const lock = await redlock.acquire([fresh()], 60_000)
    expect(lock.expiration - Date.now()).toBeLessThanOrEqual(60_000 - 6_000 - 2)
    const extended = await redlock.extend(lock, 60_000, { driftFactor: 0.5 })
    expect(extended.expiration - Date.now()).toBeLessThanOrEqual(60_000 - 30_000 - 2)
    await redlock.release(extended, { retryCount: 0 })
  })

  test.each([1, 3])('that is extended for longer lives for longer in the store, too (%i servers)', async (count) => {
    const resource = fresh()
    const redlock = over(clients.slice(0, count))
    const lock = await redlock.acquire([resource, fresh()], 200)
    const extended = await lock.extend(30_000)
    const untilMs = performance.now() + 500
    while (performance.now() < untilMs);
    expect(extended.leases.map((lease) => lease.isHeld())).toEqual([true, true])
    for (const { remainingMs } of extended.leases) expect(remainingMs).toBeGreaterThan(20_000)
    await failureOf(over(clients.slice(0, count)).acquire([resource], 1_000))
    await extended.release()
  })

  test('stays as it was when its extension is not confirmed', { timeout: 30_000 }, async () => {
    const engine = await stage.server()
    const own = stage.client(engine)
    const lock = await over([own]).acquire([fresh()], 12_000)
    const { expiration } = lock
    await engine.pause()
    expect((await failureOf(lock.extend(60_000))).message).toContain('not confirmed')
    await engine.resume()
    expect(lock.expiration).toBe(expiration)
    await (await lock.extend(60_000)).release()
  })

  test('may be shorter than a lease, and ends then', async () => {
    const resource = fresh()
    const startedMs = performance.now()
    await over().acquire([resource], 20)
    await (await over([client], { retryCount: 20 }).acquire([resource], 1_000)).release()
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(20)
  })
})

describe('what redlock takes as an argument', () => {
  test('a setting that is undefined is the one from before', async () => {
    const unset = { retryCount: undefined, retryDelay: undefined, driftFactor: undefined } as unknown as Settings
    expect(new Redlock([client], unset).settings).toEqual(new Redlock([client]).settings)
    const resource = fresh()
    const lock = await over().acquire([resource], 5_000, unset)
    expect(lock.expiration).toBeGreaterThan(Date.now())
    expect((await failureOf(over().using([resource], 5_000, unset, () => 'never'))).attempts).toHaveLength(1)
    await lock.release()
  })

  test('a resource that is a text is one name, and one that is named twice is taken once', async () => {
    const resource = fresh()
    const lock = await over().acquire(resource, 5_000)
    expect(lock.resources).toEqual([resource])
    expect(lock.leases.map(({ name }) => name)).toEqual([resource])
    await lock.release()
    const twice = await over().acquire([resource, resource], 5_000)
    expect(twice.resources).toEqual([resource, resource])
    expect(twice.leases).toHaveLength(1)
    await twice.release()
  })

  test('custom scripts are refused, and not ignored', () => {
    const scripts = { acquireScript: (script: string) => script } as unknown as { acquireScript: undefined }
    expect(() => new Redlock([client], {}, scripts)).toThrow(Unsupported)
    expect(() => new Redlock([client], {}, { acquireScript: undefined })).not.toThrow()
  })

  test('several Clusters are refused in words that name the way out', async () => {
    const cluster = (): Cluster => new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true })
    const redlock = new Redlock([cluster(), cluster(), cluster()])
    await expect(redlock.acquire(['x'], 1_000)).rejects.toThrow(
      /Cluster is a store of its own: give one .* to redis\(\)/,
    )
  })
})

describe('inside of using', () => {
  test('the same resource is busy, as with redlock, and another one is taken', async () => {
    const [outer, inner] = [fresh(), fresh()]
    const redlock = over()
    const answer = await redlock.using([outer], 5_000, async () => {
      const refusal = await failureOf(redlock.acquire([outer], 5_000))
      const [stats] = await Promise.all(refusal.attempts)
      expect(stats?.votesAgainst.get(client)).toBeInstanceOf(ResourceLockedError)
      await failureOf(redlock.using([inner, outer], 5_000, () => 'never'))
      return redlock.using([inner], 5_000, () => 'both')
    })
    expect(answer).toBe('both')
  })
})
