/**
 * What a server says no with: each is told apart, says the way out, and leaves nothing behind.
 * @module-tag real-time
 */
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type RedisOptions, locate } from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { OpenStore } from '../../store/store.ts'
import { driverOf } from '../redis-driver/client.ts'
import { redis } from './index.ts'
import { again, claim, held, Stage, takeAndLeave } from './redis.fixture.ts'

const RESOURCE = 'n!lock'
let stage: Stage

beforeEach(async (context) => {
  await requireEngine(context, { locate })
  stage = new Stage()
})
afterEach(() => stage[Symbol.asyncDispose]())

async function opened(options: RedisOptions = {}): Promise<{ engine: Engine; store: OpenStore; direct: Redis }> {
  const engine = await stage.server(options)
  // node-redis hands over what the server says as it is; ioredis waits for some of it to pass.
  const store = await stage.opened(redis(await stage.nodeRedis(engine)))
  return { engine, store, direct: stage.client(engine) }
}

/** The same answer for a holder and for a newcomer; and when it is over, no claim stands in the way. */
async function refusedMeanwhile(
  store: OpenStore,
  expected: { readonly kind: typeof NotApplied | typeof StoreUnavailable; readonly words: RegExp },
  trouble: () => Promise<unknown>,
  end: () => Promise<unknown>,
): Promise<void> {
  const holder = claim(RESOURCE, { ttlMs: 60_000 })
  const ref = { resource: RESOURCE, id: holder.id, token: held(await store.enter(holder)).token }
  await trouble()
  const calls = [
    () => store.enter(claim('n!other')),
    () => store.renew([{ ref, ttlMs: 60_000 }]),
    () => store.leave(ref),
  ]
  for (const call of calls) {
    const error: unknown = await call().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(expected.kind)
    expect((error as Error).message).toMatch(expected.words)
  }
  await end()
  expect(await again(() => store.renew([{ ref, ttlMs: 60_000 }]))).toMatchObject([{ kind: 'held', token: ref.token }])
  expect(await store.leave(ref)).toBe('left')
  expect(await takeAndLeave(store, 'n!other')).toBeGreaterThan(ref.token)
}

test('a server that is busy with the script of another program did nothing, and goes on when that is killed', async () => {
  const { store, direct, engine } = await opened()
  await direct.config('SET', 'busy-reply-threshold', '20')
  const endless = stage.client(engine)
  await refusedMeanwhile(
    store,
    { kind: NotApplied, words: /not ready \(BUSY\)/ },
    async () => {
      await endless.ping()
      void endless.eval('while true do end', 0).catch(() => undefined)
      await expect.poll(() => direct.ping().catch(String)).toContain('BUSY')
    },
    () => direct.script('KILL'),
  )
})

test('a server without enough replicas did nothing, and says so among its promises', async () => {
  const { store, direct, engine } = await opened()
  await refusedMeanwhile(
    store,
    { kind: NotApplied, words: /not ready \(NOREPLICAS\)/ },
    () => direct.config('SET', 'min-replicas-to-write', '1'),
    async () => {
      const { reasons } = await stage.facts(redis(engine.url))
      expect(reasons.join(' ')).toContain('fewer than 1 replicas')
      await direct.config('SET', 'min-replicas-to-write', '0')
    },
  )
})

test('a server that cannot save its data says so', async () => {
  const { store, direct } = await opened({ config: { save: '900 1', 'stop-writes-on-bgsave-error': 'yes' } })
  const [, folder = ''] = await direct.config('GET', 'dir')
  const inTheWay = join(folder, 'dump.rdb')
  const saved = async (status: string): Promise<void> => {
    await direct.bgsave()
    await expect
      .poll(() => direct.info('persistence'))
      .toMatch(new RegExp(`rdb_bgsave_in_progress:0[^]*rdb_last_bgsave_status:${status}`))
  }
  await refusedMeanwhile(
    store,
    { kind: StoreUnavailable, words: /cannot save its data/ },
    async () => {
      mkdirSync(inTheWay)
      await saved('err')
    },
    async () => {
      rmdirSync(inTheWay)
      await saved('ok')
    },
  )
})

test('a primary that became a replica says so, and is the primary again', async () => {
  const { store, direct } = await opened()
  const other = await stage.server()
  await refusedMeanwhile(
    store,
    { kind: StoreUnavailable, words: /is a replica/ },
    async () => {
      // It keeps its data, because the other one does not answer as a primary would.
      await other.pause()
      await direct.replicaof(other.host, other.port)
    },
    () => direct.replicaof('NO', 'ONE'),
  )
})

test(
  'a server that loads its data is asked again until it is ready, and still knows who holds',
  { timeout: 60_000 },
  async () => {
    const slowly = { 'key-load-delay': '20000', 'loading-process-events-interval-bytes': '1024' }
    const { engine, store, direct } = await opened({ aof: 'always', config: slowly })
    const holder = claim(RESOURCE, { ttlMs: 60_000 })
    const ref = { resource: RESOURCE, id: holder.id, token: held(await store.enter(holder)).token }
    for (let index = 0; index < 60; index += 1) await direct.set(`data-${index}`, 'x'.repeat(1_000))
    await direct.bgrewriteaof()
    await expect.poll(() => direct.info('persistence')).toContain('aof_rewrite_in_progress:0')
    await engine.kill()
    const seen = new Set<string>()
    const ready = engine.restart()
    const kept = await again(async () => {
      try {
        return await store.renew([{ ref, ttlMs: 60_000 }])
      } catch (error) {
        seen.add((error as Error).message)
        throw error
      }
    })
    await ready
    expect(kept).toMatchObject([{ kind: 'held', token: ref.token }])
    expect([...seen].join('; ')).toContain('not ready (LOADING)')
  },
)

test.each([
  ['listening', '-subscribe', /listening: .*does not allow/],
  ['publishing', '-publish', /does not allow this user to do it: the scripts need PUBLISH on/],
  ['the channels of locks', 'resetchannels &holdfast:c:*', /the scripts need PUBLISH on/],
  ['the keys of locks', 'resetkeys ~holdfast:floor', /does not allow this user to do it/],
  ['the floor of tokens', 'resetkeys ~holdfast:{*', /does not allow this user to do it/],
])('a user who may not use %s is refused when the store opens', async (_, rights, words) => {
  const engine = await stage.server()
  const direct = stage.client(engine)
  await direct.call('ACL', [
    'SETUSER',
    'locks',
    'on',
    '>secret',
    'allkeys',
    'allchannels',
    '+@all',
    ...rights.split(' '),
  ])
  const store = redis(engine.url.replace('//', '//locks:secret@'))
  await expect(stage.facts(store)).rejects.toThrow(words)
  await expect(stage.facts(store)).rejects.toBeInstanceOf(StoreUnavailable)
})

test('a server without a command that the scripts need is refused when the store opens', async () => {
  const engine = await stage.server({ config: { 'rename-command': 'HDEL ""' } })
  await expect(stage.facts(redis(engine.url))).rejects.toThrow(/the scripts need HDEL on/)
})

test('a server that is too old is refused when the store opens', async () => {
  const port = driverOf(stage.client(await stage.server()))
  const older = redis({
    ...port,
    async send(words) {
      const answer = await port.send(words)
      return words[0] === 'INFO' ? String(answer).replace(/redis_version:7\.0/, 'redis_version:6.2') : answer
    },
  })
  await expect(stage.facts(older)).rejects.toThrow(/Redis 6\.2\.\d+ is too old: Holdfast needs Redis 7/)
})

test.each([
  [{ aof: 'everysec' }, /may lack the last second after a crash \(appendfsync is everysec/],
  [{ config: { save: '900 1' } }, /keeps snapshots and no append-only file/],
  [{}, /keeps no append-only file/],
  [
    { aof: 'always', maxmemory: '50mb', config: { 'maxmemory-policy': 'volatile-ttl' } },
    /maxmemory-policy is volatile-ttl/,
  ],
] as const)('the reasons of %j say what to change', async (options: RedisOptions, words) => {
  const facts = await stage.facts(redis((await stage.server(options)).url))
  expect(facts.safetyClass).toBe('best-effort')
  expect(facts.reasons.join(' ')).toMatch(words)
})

test('a client with a keyPrefix is refused: ioredis puts it before keys and not before channels', () => {
  const client = new Redis({ lazyConnect: true, keyPrefix: 'app:' })
  expect(() => redis(client)).toThrow(/keyPrefix.*the option prefix/)
  const cluster = new Cluster([], { lazyConnect: true, keyPrefix: 'app:' })
  expect(() => redis(cluster)).toThrow(/keyPrefix.*the option prefix/)
})
