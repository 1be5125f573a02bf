/**
 * Connections that died in silence, as after a thaw of a frozen machine whose router forgot them: commands and turns go on
 * over new ones, with every driver, and the caller is told.
 * @module-tag real-time
 */
import { Cluster, Redis } from 'ioredis'
import { createClient, createCluster, createSentinel } from 'redis'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Member } from '@holdfast/testbed/engines/driver'
import { type RedisCluster, startCluster } from '@holdfast/testbed/engines/redis/cluster'
import { type RedisSentinel, startSentinel } from '@holdfast/testbed/engines/redis/sentinel'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { holdfast } from '../../holdfast.ts'
import type { Locks } from '../../recipes/locks.ts'
import type { OpenStore } from '../../store/store.ts'
import { type AnyRedisClient, redis, type RedisDriver } from './index.ts'
import { driverOf } from '../redis-driver/client.ts'
import { again, claim, held, Stage } from './redis.fixture.ts'

/** Of a command that is lost, until another connection has taken over: three asks and a comparison. */
const HEALED_MS = 8_000

const servers = new Stage()
let stage: Stage
let names = 0

beforeEach(() => {
  stage = new Stage()
})
afterEach(() => stage[Symbol.asyncDispose]())
afterAll(() => servers[Symbol.asyncDispose]())

/** Where clients connect, and how their connections are forgotten. */
interface Place {
  /** Of the store that is tried, and of one whose connections stay. */
  connect(): Promise<AnyRedisClient | string>
  readonly direct: string
  forget(): void
}

interface Ending {
  on(event: 'error', listener: () => void): unknown
}

function ending<Client extends Ending & { disconnect(): void }>(client: Client): Client {
  client.on('error', () => undefined)
  stage.ending(() => client.disconnect())
  return client
}

async function connected<Client extends Ending & { connect(): Promise<unknown>; destroy(): unknown }>(
  client: Client,
): Promise<Client> {
  client.on('error', () => undefined)
  await client.connect()
  stage.ending(() => void client.destroy())
  return client
}

const one: { proxy?: Proxy; url?: string } = {}

async function server1(connect: (url: string) => Promise<AnyRedisClient | string>): Promise<Place> {
  if (one.proxy === undefined) {
    const engine = await servers.server()
    one.url = engine.url
    one.proxy = await openProxy(engine)
    servers.ending(() => one.proxy?.close())
  }
  const { proxy, url = '' } = one
  return { direct: url, connect: () => connect(proxy.through(url)), forget: () => proxy.forgetConnections() }
}

let cluster: RedisCluster | undefined

function proxies(members: readonly Member[]): readonly Proxy[] {
  return members.flatMap(({ proxy }) => proxy ?? [])
}

async function clusterOf3(connect: (nodes: readonly Proxy[]) => Promise<AnyRedisClient | string>): Promise<Place> {
  if (cluster === undefined) {
    cluster = await startCluster({ masters: 3, proxied: true, nodeTimeoutMs: 60_000 })
    const { close } = cluster
    servers.ending(close)
  }
  const nodes = proxies(cluster.masters)
  const url = `redis+cluster://${nodes.map(({ host, port }) => `${host}:${port}`).join(',')}`
  return { direct: url, connect: () => connect(nodes), forget: () => nodes.forEach((node) => node.forgetConnections()) }
}

let sentinels: RedisSentinel | undefined

async function behindSentinels(connect: (group: RedisSentinel) => Promise<AnyRedisClient | string>): Promise<Place> {
  if (sentinels === undefined) {
    sentinels = await startSentinel({ proxied: true, downAfterMs: 60_000 })
    const { close } = sentinels
    servers.ending(close)
  }
  const group = sentinels
  const nodes = proxies([group.primary])
  return {
    direct: group.primary.engine.url,
    connect: () => connect(group),
    forget: () => nodes.forEach((node) => node.forgetConnections()),
  }
}

const nodesOf = (nodes: readonly Proxy[]): { host: string; port: number }[] =>
  nodes.map(({ host, port }) => ({ host, port }))
const sentinelsOf = ({ sentinels: members }: RedisSentinel): { host: string; port: number }[] =>
  members.map(({ engine: { host, port } }) => ({ host, port }))

/** Without a way to a second connection for commands, and without a word of those that end. */
function plain(url: string): RedisDriver {
  const { send, listen } = driverOf(ending(new Redis(url)))
  return { send, listen }
}

const drivers: readonly (readonly [string, () => Promise<Place>])[] = [
  ['a URL', () => server1(async (url) => url)],
  ['ioredis', () => server1(async (url) => ending(new Redis(url)))],
  ['node-redis', () => server1(async (url) => connected(createClient({ url })))],
  [
    'a URL of a Cluster',
    () => clusterOf3(async (nodes) => `redis+cluster://${nodes.map(({ host, port }) => `${host}:${port}`).join(',')}`),
  ],
  ['an ioredis Cluster', () => clusterOf3(async (nodes) => ending(new Cluster(nodesOf(nodes))))],
  [
    'a node-redis cluster',
    () =>
      clusterOf3(async (nodes) =>
        connected(createCluster({ rootNodes: nodes.map(({ host, port }) => ({ url: `redis://${host}:${port}` })) })),
      ),
  ],
  ['a URL of Sentinels', () => behindSentinels(async ({ url }) => url ?? '')],
  [
    'ioredis behind Sentinels',
    () =>
      behindSentinels(async (group) => ending(new Redis({ sentinels: sentinelsOf(group), name: group.serviceName }))),
  ],
  [
    'node-redis behind Sentinels',
    () =>
      behindSentinels(async (group) =>
        connected(createSentinel({ name: group.serviceName, sentinelRootNodes: sentinelsOf(group) })),
      ),
  ],
]

/** The turns of one waiter after the other, each without a heartbeat: told by a message, or by a hint to look again. How many by a message. */
async function toldOfTurns(store: OpenStore, other: OpenStore, turns: number): Promise<number> {
  const resource = `n!turn${(names += 1)}`
  let messages = 0
  for (let turn = 0; turn < turns; turn += 1) {
    const [first, mine] = [claim(resource, { ttlMs: 60_000 }), claim(resource, { ttlMs: 60_000 })]
    const ref = { ...first, token: held(await other.enter(first)).token }
    expect((await again(() => store.enter(mine))).kind).toBe('queued')
    const untold = AbortSignal.timeout(HEALED_MS)
    const watching = store.watch(mine, untold)
    expect(await other.leave(ref)).toBe('left')
    if ((await watching).kind === 'held') messages += 1
    expect(untold.aborted, `turn ${turn}`).toBe(false)
    await store.leave(mine)
  }
  return messages
}

describe.each(drivers)('through %s', (driver, place) => {
  test('a lock is asked for, and a lease is kept', { timeout: 60_000 }, async (context) => {
    await requireEngine(context, server)
    const { connect, forget } = await place()
    const troubles: string[] = []
    const locks: Locks = holdfast(redis(await connect()), { ttl: '10s' })
    stage.ending(() => locks.close())
    locks.on('trouble', ({ error }) => troubles.push(String(error)))
    const lease = await locks.acquire(`kept${(names += 1)}`)
    forget()
    const startedMs = performance.now()
    const next = await locks.acquire(`next${(names += 1)}`, { wait: '30s' })
    expect(performance.now() - startedMs).toBeLessThan(HEALED_MS)
    await expect.poll(() => lease.remainingMs, { timeout: 10_000 }).toBeGreaterThan(9_000)
    expect(lease.isHeld()).toBe(true)
    expect(troubles.join('; ')).toMatch(
      /no answer on a connection to Redis for \d+ ms, and the server answers on another/,
    )
    expect(await next.release()).toBe('released')
    expect(await lease.release()).toBe('released')
  })

  test('turns are told', { timeout: 60_000 }, async (context) => {
    await requireEngine(context, server)
    const { connect, direct, forget } = await place()
    const [given] = [await connect()]
    const store = await stage.opened(redis(given))
    await toldOfTurns(store, store, 1)
    forget()
    // Made afterwards, so that its own connections are not among those that died.
    const other = await stage.opened(redis(direct))
    // A second command behind the first one that is not answered, as the client sends it.
    const second = setTimeout(() => void store.look('n!any').catch(() => undefined), 1_500)
    stage.ending(() => clearTimeout(second))
    const messages = await toldOfTurns(store, other, 4)
    // In a Cluster each line has a channel of its own, and these turns come by hints.
    if (!/cluster/i.test(driver)) expect(messages).toBeGreaterThan(0)
  })
})

test('a connection that cannot be replaced is reported', { timeout: 60_000 }, async (context) => {
  await requireEngine(context, server)
  const { connect, forget } = await server1(async (url) => plain(url))
  const locks = holdfast(redis(await connect()), { ttl: '10s' })
  stage.ending(() => locks.close())
  const troubled = new Promise<string>((resolve) => {
    locks.on('trouble', ({ error }) => resolve(String(error)))
  })
  await locks.using('warm', () => undefined)
  forget()
  const asking = locks.acquire('job', { wait: '8s' }).catch((error: unknown) => String(error))
  expect(await troubled).toMatch(/no answer from Redis for \d+ ms, and none on another connection/)
  expect(await asking).toContain('no answer from the store')
})
