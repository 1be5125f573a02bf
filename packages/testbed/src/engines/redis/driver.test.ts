/** @module-tag real-time */
import { beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../engine.ts'
import { requireEngine } from '../require-engine.ts'
import { startCluster } from './cluster.ts'
import * as redis from './driver.ts'
import { RespConnection, RespError, type RespValue } from './resp.ts'
import { startSentinel } from './sentinel.ts'
import type { RedisOptions } from './server.ts'

beforeEach(async (context) => {
  await requireEngine(context, redis)
})

async function ask(url: string, ...words: readonly (string | number)[]): Promise<RespValue> {
  await using connection = await RespConnection.open(url, { withinMs: 2_000 })
  return await connection.command(...words)
}

async function survivor(options: RedisOptions, end: (engine: Engine) => Promise<void>): Promise<RespValue> {
  await using engine = await redis.start(options)
  await ask(engine.url, 'SET', 'lock', 'mine', 'PX', 60_000)
  await end(engine)
  await engine.restart()
  return await ask(engine.url, 'GET', 'lock')
}

describe('one Redis', () => {
  test('listens on 127.0.0.1 only and answers at its URL', async () => {
    await using engine = await redis.start()
    expect(engine.name).toMatch(/^redis \d+\.\d+/)
    expect(await ask(engine.url, 'CONFIG', 'GET', 'bind')).toEqual(['bind', '127.0.0.1'])
    expect(engine).toMatchObject({ state: 'up', host: '127.0.0.1' })
    expect(engine.log()).toContain('Ready to accept connections')
  })

  test.each(['always', 'everysec'] as const)(
    'with an append-only file (%s) keeps its data through kill -9',
    async (aof) => {
      expect(await survivor({ aof }, (engine) => engine.kill())).toBe('mine')
    },
  )

  test('without one loses its data by a kill and by a stop', async () => {
    expect(await survivor({}, (engine) => engine.kill())).toBeNull()
    expect(await survivor({}, (engine) => engine.stop())).toBeNull()
  })

  test('loses its data by a wipe, whether it is up or down', async () => {
    expect(await survivor({ aof: 'always' }, (engine) => engine.wipe())).toBeNull()
    const killedAndWiped = async (engine: Engine): Promise<void> => {
      await engine.kill()
      await engine.wipe()
      expect(engine.state).toBe('down')
    }
    expect(await survivor({ aof: 'always' }, killedAndWiped)).toBeNull()
  })

  test('keeps port and URL, and changes its process, through a restart', async () => {
    await using engine = await redis.start()
    const before = { pid: engine.pid, url: engine.url }
    await engine.kill()
    expect(engine).toMatchObject({ state: 'down', pid: undefined })
    await expect(ask(engine.url, 'PING')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await engine.restart()
    expect(engine.url).toBe(before.url)
    expect(engine.pid).not.toBe(before.pid)
  })

  test('a paused server accepts connections, says nothing, and answers when it goes on', async () => {
    await using engine = await redis.start()
    await engine.pause()
    expect(engine.state).toBe('paused')
    await using connection = await RespConnection.open(engine.url, { withinMs: 3_000 })
    let answered = false
    const answer = connection.command('PING').finally(() => {
      answered = true
    })
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(answered).toBe(false)
    await engine.resume()
    expect(await answer).toBe('PONG')
  })

  test('a paused server can be stopped, killed and wiped', async () => {
    await using engine = await redis.start()
    for (const end of [() => engine.stop(), () => engine.kill()]) {
      await engine.pause()
      await end()
      expect(engine.state).toBe('down')
      await engine.restart()
    }
    await engine.pause()
    await engine.wipe()
    expect(engine.state).toBe('up')
  })

  test('a server that ends by itself is seen to be down, and cannot be paused', async () => {
    await using engine = await redis.start()
    await ask(engine.url, 'SHUTDOWN', 'NOSAVE').catch(() => {})
    await expect.poll(() => engine.state).toBe('down')
    await expect(engine.pause()).rejects.toThrow('it is down')
  })

  test('takes a password, a memory limit and further configuration', async () => {
    const options = { password: 'a b/c', maxmemory: '5mb', config: { 'maxmemory-policy': 'volatile-lru' } } as const
    await using engine = await redis.start(options)
    expect(await ask(engine.url, 'CONFIG', 'GET', 'maxmemory*')).toEqual(
      expect.arrayContaining(['5242880', 'volatile-lru']),
    )
    await expect(ask(`redis://127.0.0.1:${engine.port}`, 'GET', 'x')).rejects.toThrow(RespError)
  })

  test('a configuration it refuses is reported with its own words', async () => {
    await expect(redis.start({ config: { nonsense: 'yes' } })).rejects.toThrow(/ended while it started[^]*nonsense/)
  })

  test('a replica follows its primary from the start', async () => {
    await using primary = await redis.start()
    await ask(primary.url, 'SET', 'key', 'value')
    await using replica = await redis.start({ replicaOf: primary })
    expect(await ask(replica.url, 'GET', 'key')).toBe('value')
    await expect(ask(replica.url, 'SET', 'key', 'other')).rejects.toThrow('READONLY')
  })
})

describe('several', () => {
  test('independent servers know nothing of each other', async () => {
    await using group = await redis.shapes.single.start({ count: 5 })
    expect(new Set(group.members.map(({ url }) => url)).size).toBe(5)
    await Promise.all(group.members.map(({ url, name }) => ask(url, 'SET', 'who', name)))
    expect(await Promise.all(group.members.map(({ url }) => ask(url, 'GET', 'who')))).toEqual(
      group.members.map(({ name }) => name),
    )
  })

  test('a proxied cluster shares the slots, sends clients to the proxies and promotes a replica', async () => {
    await using cluster = await startCluster({ replicas: 1, proxied: true })
    const [first, second] = cluster.masters
    const slots = (await ask(second?.url ?? '', 'CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
    const ports = new Set(slots.map(([, , [, port]]) => port))
    expect(ports).toEqual(new Set(cluster.masters.map(({ proxy }) => proxy?.port)))
    expect(slots.reduce((sum, [from, to]) => sum + to - from + 1, 0)).toBe(16_384)
    await expect(ask(first?.url ?? '', 'SET', 'foo', 1)).rejects.toThrow(/^MOVED 12182 127\.0\.0\.1:/)
    await first?.engine.kill()
    const successor = cluster.replicas[0]?.engine.url ?? ''
    await expect
      .poll(() => ask(successor, 'ROLE').then((role) => (role as string[])[0]), { timeout: 12_000, interval: 100 })
      .toBe('master')
  })

  test('sentinels replace a primary that is cut off, and name the proxy of the new one', async () => {
    await using group = await startSentinel({ proxied: true })
    expect((await group.currentPrimary()).name).toBe('primary')
    group.primary.proxy?.set({ kind: 'cut' })
    await expect
      .poll(async () => (await group.currentPrimary()).name, { timeout: 15_000, interval: 100 })
      .toBe('replica 1')
    expect(await ask((await group.currentPrimary()).url, 'SET', 'key', 'value')).toBe('OK')
    expect(group.url).toMatch(/^redis\+sentinel:\/\/127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,127\.0\.0\.1:\d+\/holdfast$/)
  })
})

describe('the newer version', () => {
  test('of a later suite keeps the same promises', { timeout: 200_000 }, async (context) => {
    const program = await requireEngine(context, redis, 'newer')
    expect(Number.parseInt(program.version, 10)).toBeGreaterThanOrEqual(8)
    expect(await survivor({ release: 'newer', aof: 'always' }, (engine) => engine.kill())).toBe('mine')
    expect(await survivor({ release: 'newer', aof: 'always' }, (engine) => engine.wipe())).toBeNull()
  })
})
