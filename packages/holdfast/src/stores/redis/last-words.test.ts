/** What the driver and the server say last reaches the caller who opens a store or asks for a lock; and soon, where no waiting helps. */
import { createServer } from 'node:net'
import { once } from 'node:events'
import { Redis } from 'ioredis'
import { createClient, createClientPool } from 'redis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { holdfast } from '../../holdfast.ts'
import type { Store } from '../../store/store.ts'
import { redlock } from '../redlock/index.ts'
import { redis } from './index.ts'
import { Stage } from './redis.fixture.ts'
import { requireOpenssl, tlsServer } from './tls.fixture.ts'

let stage: Stage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new Stage()
})
afterEach(() => stage[Symbol.asyncDispose]())

interface Refusal {
  readonly message: string
  readonly code: string
  readonly isFinal: boolean
  readonly tookMs: number
}

/** What a caller hears that asks for a lock, and when; an opening is tried once. */
async function refusalOf(store: Store, wait = '30s' as const): Promise<Refusal> {
  const locks = holdfast(store, { openWait: 0 })
  stage.ending(() => locks.close())
  const startedMs = performance.now()
  const error: unknown = await locks.acquire('seat', { wait }).catch((reason: unknown) => reason)
  if (!(error instanceof Error)) throw new Error('the lock was granted')
  return Object.assign(error as Error & Refusal, { tookMs: performance.now() - startedMs })
}

/** The same of an opening, which has no wait of its own. */
async function openingOf(store: Store): Promise<Refusal> {
  const locks = holdfast(store, { openWait: 0 })
  stage.ending(() => locks.close())
  const startedMs = performance.now()
  const error: unknown = await locks.open().catch((reason: unknown) => reason)
  if (!(error instanceof Error)) throw new Error('the store was opened')
  return Object.assign(error as Error & Refusal, { tookMs: performance.now() - startedMs })
}

/** Long before a wait of 30 s is over, on a busy machine. */
const SOON_MS = 5_000

describe('a server that is not as the URL says', { timeout: 40_000 }, () => {
  test('shows a certificate that is not accepted', async (context) => {
    await requireAbility(context, requireOpenssl)
    const { tlsPort } = await tlsServer(stage)
    const refusal = await refusalOf(redis(`rediss://127.0.0.1:${tlsPort}`))
    expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    expect(refusal.message).toMatch(/certificate that is not accepted.*NODE_EXTRA_CA_CERTS.*self-signed certificate/)
    expect(refusal.tookMs).toBeLessThan(SOON_MS)
  })

  test('does not speak TLS', async () => {
    const { port } = await stage.server()
    const { message, isFinal } = await openingOf(redis(`rediss://127.0.0.1:${port}`))
    expect(message).toMatch(/no TLS connection to Redis came about.*redis: for one that does not.*ETIMEDOUT/)
    expect(isFinal).toBe(false)
  })

  test('speaks TLS alone', async (context) => {
    await requireAbility(context, requireOpenssl)
    const { tlsPort } = await tlsServer(stage)
    const { message } = await openingOf(redis(`redis://127.0.0.1:${tlsPort}`))
    expect(message).toMatch(/ended before Redis had answered: .*wants rediss:.*(?:ECONNRESET|EPIPE|closed)/)
  })

  test('is another program, which answers something else', async () => {
    const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1')
    await once(other, 'listening')
    stage.ending(() => void other.close())
    const { port } = other.address() as { port: number }
    const { message } = await openingOf(redis(`redis://127.0.0.1:${port}`))
    expect(message).toMatch(/ended before Redis had answered: the port of another program.*RESP type/)
  })

  test('does not have the database, and none of its keys is touched', async () => {
    const engine = await stage.server({ config: { databases: '16' } })
    const refusal = await refusalOf(redis(`${engine.url}/99`))
    expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    expect(refusal.message).toMatch(/does not have the database that was asked for.*DB index is out of range/)
    expect(refusal.tookMs).toBeLessThan(SOON_MS)
    const handedIn = new Redis(engine.port, { db: 99 })
    handedIn.on('error', () => undefined)
    stage.ending(() => handedIn.disconnect())
    expect((await refusalOf(redis(handedIn))).message).toMatch(/in database 0 and not in 99, which was asked for/)
    expect(await stage.client(engine).dbsize()).toBe(0)
  })

  test('has lost the database when it comes back, and no command reaches another one', async () => {
    const engine = await stage.server({ config: { databases: '16' } })
    const direct = stage.client(engine)
    const locks = holdfast(redis(`${engine.url}/15`))
    stage.ending(() => locks.close())
    await (await locks.acquire('seat')).release()
    await engine.close()
    const smaller = await server.start({ port: engine.port, config: { databases: '2' } })
    stage.ending(() => smaller.close())
    const attempt: unknown = await locks.tryAcquire('seat').catch((reason: unknown) => reason)
    expect(attempt).toBeInstanceOf(Error)
    await direct.ping()
    expect(await direct.dbsize()).toBe(0)
  })

  test('is a Sentinel', async () => {
    const sentinel = await stage.server({ sentinel: true })
    const refusal = await refusalOf(redis(sentinel.url))
    expect(refusal).toMatchObject({ isFinal: true })
    expect(refusal.message).toMatch(/is a Sentinel, which keeps no locks.*redis\+sentinel:/)
  })

  test('is no Cluster', async () => {
    const { port } = await stage.server()
    const refusal = await refusalOf(redis(`redis+cluster://127.0.0.1:${port}`))
    expect(refusal).toMatchObject({ isFinal: true })
    expect(refusal.message).toMatch(/is no Redis Cluster: use a URL that begins with redis:.*cluster support disabled/)
  })

  test('is no Sentinel, or does not watch that name', async () => {
    const { port } = await stage.server()
    const plain = await refusalOf(redis(`redis+sentinel://127.0.0.1:${port}/name`))
    expect(plain).toMatchObject({ isFinal: true })
    expect(plain.message).toMatch(/no Sentinel names a primary: .*ERR unknown command 'sentinel'/)
    const sentinel = await stage.server({ sentinel: true })
    const unknown = await openingOf(redis(`redis+sentinel://127.0.0.1:${sentinel.port},127.0.0.1:1/nobody`))
    expect(unknown.isFinal).toBe(false)
    expect(unknown.message).toMatch(/No such master with that name.*127\.0\.0\.1:1 because/)
  })
})

describe('a server that lets nobody in', { timeout: 40_000 }, () => {
  test('has as many connections as it takes, at the first and at the second', async () => {
    const full = await stage.server({ config: { maxclients: '2' } })
    const [one, two] = [stage.client(full), stage.client(full)]
    await Promise.all([one.ping(), two.ping()])
    const atFirst = await openingOf(redis(full.url))
    expect(atFirst.message).toMatch(/opening: .*\(maxclients\)\. It said: ERR max number of clients reached/)
    expect(atFirst.isFinal).toBe(false)
    two.disconnect()
    await expect.poll(async () => /connected_clients:(\d+)/.exec(await one.info('clients'))?.[1]).toBe('1')
    const atSecond = await openingOf(redis(full.url))
    expect(atSecond.message).toMatch(/listening: .*It said: ERR max number of clients reached/)
  })

  test.each([
    ['ioredis', async (url: string) => stage.client({ url })],
    ['node-redis', (url: string) => stage.nodeRedis({ url })],
  ])('has as many connections as it takes, for the listener of a client of %s', async (_, connect) => {
    const full = await stage.server({ config: { maxclients: '1' } })
    const client = await connect(full.url)
    const { message, tookMs } = await openingOf(redis(client))
    expect(message).toMatch(/listening: .*ERR max number of clients reached/)
    expect(tookMs).toBeLessThan(SOON_MS)
  })

  test('wants a password, or another one', async () => {
    const engine = await stage.server({ password: 'hunter2' })
    const without = await refusalOf(redis(engine.url.replace(':hunter2@', '')))
    expect(without).toMatchObject({ isFinal: true, message: expect.stringMatching(/NOAUTH/) as string })
    const wrong = await refusalOf(redis(engine.url.replace('hunter2', 'hunter3')))
    expect(wrong).toMatchObject({ isFinal: true, message: expect.stringMatching(/WRONGPASS/) as string })
    for (const { message, tookMs } of [without, wrong]) {
      expect(message).not.toContain('hunter')
      expect(tookMs).toBeLessThan(SOON_MS)
    }
  })

  test.each(['SCRIPT', 'INFO', 'EVALSHA', 'TIME', 'SUBSCRIBE', 'PUBLISH'])('has no %s', async (command) => {
    const engine = await stage.server({ config: { 'rename-command': `${command} ""` } })
    const refusal = await refusalOf(redis(engine.url))
    expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    expect(refusal.message).toMatch(new RegExp(`\\b${command}\\b`, 'i'))
    expect(refusal.tookMs).toBeLessThan(SOON_MS)
  })

  test('is full', async () => {
    const engine = await stage.server({ maxmemory: '1mb' })
    const refusal = await refusalOf(redis(engine.url))
    expect(refusal).toMatchObject({ isFinal: true })
    expect(refusal.message).toMatch(/is full \(maxmemory\).*OOM command not allowed/)
    expect(refusal.tookMs).toBeLessThan(SOON_MS)
  })
})

describe('a client that was handed in', () => {
  test('has ended, is not connected yet, or is a pool', async () => {
    const { url, port } = await stage.server()
    const ended = new Redis(port)
    await ended.ping()
    await ended.quit()
    const early = createClient({ url })
    early.on('error', () => undefined)
    for (const [client, words] of [
      [ended, /has ended \(quit, disconnect/],
      [early, /is not connected: call connect\(\)/],
    ] as const) {
      const refusal = await refusalOf(redis(client))
      expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
      expect(refusal.message).toMatch(words)
      expect(refusal.tookMs).toBeLessThan(SOON_MS)
    }
    expect(() => redis(createClientPool({ url }) as unknown as Parameters<typeof redis>[0])).toThrow(
      /one client and no pool.*createClient\(\)/,
    )
  })

  test('waits for a server that is away, and its last words are in the error', { timeout: 20_000 }, async () => {
    const client = new Redis(1, { maxRetriesPerRequest: null })
    let told = 0
    client.on('error', () => (told += 1))
    stage.ending(() => client.disconnect())
    const { message } = await openingOf(redis(client))
    expect(message).toMatch(/no answer from the store within 5000 ms\. The driver said: connect ECONNREFUSED/)
    expect(told).toBeGreaterThan(0)
    // As many stores as there may be: the client keeps no listener of each.
    for (let stores = 0; stores < 20; stores += 1) redis(client)
    expect(client.listenerCount('error')).toBeLessThan(4)
  })
})

describe('the servers of Redlock', { timeout: 40_000 }, () => {
  test('are each told in their own words, and final when no majority is left that could answer', async () => {
    const [locked, other, away] = [
      await stage.server({ password: 'hunter2' }),
      await stage.server({ password: 'hunter2' }),
      'redis://127.0.0.1:1',
    ]
    const refusal = await refusalOf(
      redlock([`redis://127.0.0.1:${locked.port}`, `redis://127.0.0.1:${other.port}`, away]),
    )
    expect(refusal).toMatchObject({ isFinal: true })
    expect(refusal.message).toMatch(/NOAUTH.*NOAUTH.*connect ECONNREFUSED/)
    expect(refusal.tookMs).toBeLessThan(SOON_MS)
    const passing = await openingOf(redlock([`redis://127.0.0.1:${locked.port}`, away, 'redis://127.0.0.1:2']))
    expect(passing.isFinal).toBe(false)
  })

  test('that are full end a wait at once', async () => {
    const urls = await Promise.all([1, 2, 3].map(async () => (await stage.server({ maxmemory: '1mb' })).url))
    const refusal = await refusalOf(redlock(urls))
    expect(refusal).toMatchObject({ isFinal: true })
    expect(refusal.message).toMatch(/OOM command not allowed/)
    expect(refusal.tookMs).toBeLessThan(SOON_MS)
  })
})
