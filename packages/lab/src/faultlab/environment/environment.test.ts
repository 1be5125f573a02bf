/** @module-tag real-time */
import { setTimeout } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import * as redis from '@holdfast/testbed/engines/redis/driver'
import { RespConnection, type RespValue } from '@holdfast/testbed/engines/redis/resp'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { wholeForms } from '../traffic/order.ts'
import type { Environment, EnvironmentRequest, Need } from './environment.ts'
import { openEnvironment } from './open-environment.ts'

beforeEach(async (context) => {
  await requireEngine(context, redis)
})

function onRedis(
  needs: readonly Need[],
  change: Partial<EnvironmentRequest> = {},
  scheme = 'redis',
): Promise<Environment> {
  const own = { storeUrl: 'redis:', isOwn: true, persistence: 'always', ttlMs: 500 } as const
  return openEnvironment(scheme, { ...own, places: ['w1', 'w2'], needs: new Set(needs), ...change })
}

async function ask(url: string, ...words: readonly string[]): Promise<RespValue> {
  await using connection = await RespConnection.open(url, { withinMs: 2_000 })
  return await connection.command(...words)
}

/** In a Cluster, a key in the first third of the slots. */
const ON_THE_FIRST = 'b'
/** More than an election takes that is let happen. */
const ELECTION_MS = 4_000

/** On one connection: on another one WAIT knows of no write to wait for. */
async function toldTheReplica(url: string, key: string, value: string): Promise<void> {
  await using connection = await RespConnection.open(url)
  await connection.command('SET', key, value)
  expect(await connection.command('WAIT', '1', '4000')).toBe(1)
}

describe('a Redis of the run', () => {
  test('has a way of its own for every place, and one can be hurt alone', async () => {
    await using environment = await onRedis([])
    expect(new Set([environment.urlFor('w1'), environment.urlFor('w2'), environment.urlFor()]).size).toBe(3)
    environment.routes.find(({ place }) => place === 'w1')?.impose({ kind: 'cut' })
    await expect(ask(environment.urlFor('w1'), 'PING')).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(await ask(environment.urlFor('w2'), 'PING')).toBe('PONG')
  })

  test('gives each worker and the server a clock of its own where they are asked for', async () => {
    await using environment = await onRedis(['worker-clock', 'server-clock'])
    const files = ['w1', 'w2'].map((place) => environment.environmentFor(place)['SKEWED_CLOCK_FILE'])
    expect(new Set([...files, environment.servers[0]?.clock?.environment['SKEWED_CLOCK_FILE']]).size).toBe(3)
    environment.servers[0]?.clock?.set(3_600_000)
    const [seconds] = (await ask(environment.urlFor(), 'TIME')) as readonly string[]
    expect(Number(seconds) * 1_000 - Date.now()).toBeGreaterThan(3_000_000)
  })

  test('fails over to a replica that has not heard of everything, at the same addresses, and back', async () => {
    await using environment = await onRedis(['replica'])
    const url = environment.urlFor('w1')
    for (const turn of ['there', 'back']) {
      await toldTheReplica(url, 'known', turn)
      const before = environment.servers[0]?.engine.port
      const over = environment.successions[0]?.failOver(0, async () => void (await ask(url, 'SET', 'unheard', turn)))
      expect((await over)?.behindBytes).toBeGreaterThan(0)
      expect(environment.servers[0]?.engine.port).not.toBe(before)
      expect([await ask(url, 'GET', 'known'), await ask(url, 'GET', 'unheard')]).toEqual([turn, null])
      expect(await ask(environment.urlFor(), 'GET', 'known')).toBe(turn)
    }
  })

  test('is hurt in one way at a time', async () => {
    await using environment = await onRedis([])
    const [server] = environment.servers
    const order: string[] = []
    const deed = async (name: string): Promise<void> => {
      order.push(`${name} begins`)
      await server?.engine.restart()
      order.push(`${name} ends`)
    }
    await Promise.all([server?.alone(() => deed('one')), server?.alone(() => deed('other'))])
    expect(order).toEqual(['one begins', 'one ends', 'other begins', 'other ends'])
  })
})

test("before a user's server stand proxies, and nothing of it can be hurt", async () => {
  await using engine = await redis.start({ password: 'secret' })
  await using environment = await onRedis([], { storeUrl: `${engine.url}/3`, isOwn: false })
  expect(environment.servers).toEqual([])
  const url = new URL(environment.urlFor('w1'))
  expect([url.password, url.pathname]).toEqual(['secret', '/3'])
  expect(url.port).not.toBe(String(engine.port))
  expect(await ask(environment.urlFor('w1'), 'PING')).toBe('PONG')
})

describe.each(['redis+cluster', 'redis+sentinel'])('%s: of the run', (scheme) => {
  test('chooses another primary when one is killed, and when one is frozen', { timeout: 120_000 }, async () => {
    await using environment = await onRedis([], { storeUrl: `${scheme}:` }, scheme)
    const [server] = environment.servers
    const [succession] = environment.successions
    if (server === undefined || succession === undefined) throw new Error('there is no server')
    const { port } = server.engine
    const replies: RespValue[] = []
    for (const end of ['killed', 'frozen']) {
      const before = server.engine
      await toldTheReplica(before.url, ON_THE_FIRST, 'known')
      const unheard = async (): Promise<void> =>
        void replies.push(await ask(before.url, 'SET', ON_THE_FIRST, 'unheard'))
      const over = await succession.alone(() => succession.failOver(0, unheard))
      expect(over).toEqual({ end, behindBytes: expect.any(Number) as number })
      expect(over.behindBytes).toBeGreaterThan(0)
      expect(server.engine.port).not.toBe(before.port)
      expect(await ask(server.engine.url, 'GET', ON_THE_FIRST)).toBe('known')
      // It has been told.
      expect([await ask(before.url, 'ROLE')].flat()[0]).toBe('slave')
    }
    expect(replies).toEqual(['OK', 'OK'])
    expect(server.engine.port).toBe(port)
  })

  test('replaces nobody who is merely silent', { timeout: 60_000 }, async () => {
    await using environment = await onRedis([], { storeUrl: `${scheme}:` }, scheme)
    const [server] = environment.servers
    const before = server?.engine
    await server?.alone(async () => {
      await server.engine.pause()
      await setTimeout(ELECTION_MS)
      await server.engine.resume()
    })
    expect([await ask(before?.url ?? '', 'ROLE')].flat()[0]).toBe('master')
    expect(server?.engine).toBe(before)
  })

  test("leaves a user's alone: nothing stands before it", async () => {
    const url = `${scheme}://host-1,host-2/name`
    await using environment = await onRedis([], { storeUrl: url, isOwn: false }, scheme)
    expect([environment.urlFor('w1'), environment.urlFor()]).toEqual([url, url])
    expect([environment.servers, environment.successions, environment.routes]).toEqual([[], [], []])
  })
})

test('a namespace in a Cluster of the run has a lock on every primary', { timeout: 60_000 }, async () => {
  await using environment = await onRedis([], { storeUrl: 'redis+cluster:' }, 'redis+cluster')
  const namespace = await environment.namespaceLike('shop')
  expect(namespace).toMatch(/^shop-/)
  const [server] = environment.servers
  const slots = await Promise.all(
    wholeForms.map(({ k }) => ask(server?.engine.url ?? '', 'CLUSTER', 'KEYSLOT', `{${namespace}!${k}}`)),
  )
  const ranges = (await ask(server?.engine.url ?? '', 'CLUSTER', 'SLOTS')) as readonly (readonly number[])[]
  for (const [from = 0, to = 0] of ranges) {
    expect(slots.some((slot) => Number(slot) >= from && Number(slot) <= to)).toBe(true)
  }
})

describe('a Redlock of the run', () => {
  const own = { storeUrl: 'redlock:', isOwn: true, persistence: 'always', ttlMs: 500, places: ['w1'] } as const

  test('has five servers that know nothing of each other, each with a way of its own', async () => {
    await using environment = await openEnvironment('redlock', { ...own, needs: new Set() })
    expect(environment.servers.length).toBe(5)
    const direct = environment.servers.map(({ engine }) => `127.0.0.1:${engine.port}`)
    expect(environment.urlFor()).toBe(`redlock://${direct.join(',')}`)
    const [routes = [], names = []] = environment
      .urlFor('w1')
      .slice('redlock://'.length)
      .split('?names=')
      .map((each) => each.split(','))
    expect(names).toEqual(direct)
    expect(new Set([...routes, ...direct]).size).toBe(10)
    for (const route of routes) expect(await ask(`redis://${route}`, 'PING')).toBe('PONG')
  })

  test('loses the data of no more servers than it stands', async () => {
    await using environment = await openEnvironment('redlock', { ...own, needs: new Set() })
    expect([environment.mayForget(), environment.mayForget(), environment.mayForget()]).toEqual([true, true, false])
  })
})
