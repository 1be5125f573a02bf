/**
 * The drivers and versions that docs/redis.md names beside those that all other tests run: each takes part in a line.
 * @module-tag real-time
 */
import { Cluster as IovalkeyCluster, Redis as Iovalkey } from 'iovalkey'
import { Cluster as Ioredis5Cluster, Redis as Ioredis5 } from 'ioredis-5'
import { createClient as createRedis5, createCluster as createRedis5Cluster } from 'redis-5'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type RedisCluster, startCluster } from '@holdfast/testbed/engines/redis/cluster'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { OpenStore } from '../../store/store.ts'
import { never } from '../opened.fixture.ts'
import { redis } from './index.ts'
import { claim, held, Stage } from './redis.fixture.ts'

type Given = Parameters<typeof redis>[0]

/** Servers for all tests, clients for each. */
const servers = new Stage()
let stage: Stage
let engine: Engine
let cluster: RedisCluster
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new Stage()
  engine ??= await servers.server()
  if (cluster !== undefined) return
  cluster = await startCluster({ masters: 3 })
  servers.ending(() => cluster.close())
})
afterEach(() => stage[Symbol.asyncDispose]())
afterAll(() => servers[Symbol.asyncDispose]())

interface Driver {
  disconnect(): void
  on(event: 'error', listener: () => void): unknown
}

function ending<Client extends Driver>(client: Client): Client {
  client.on('error', () => undefined)
  stage.ending(() => client.disconnect())
  return client
}

async function connected<Client extends { connect(): Promise<unknown>; destroy(): void }>(
  client: Client & Pick<Driver, 'on'>,
): Promise<Client> {
  client.on('error', () => undefined)
  await client.connect()
  stage.ending(() => client.destroy())
  return client
}

const nodes = (): { host: string; port: number }[] =>
  cluster.masters.map(({ engine: { host, port } }) => ({ host, port }))
const urls = (): { url: string }[] => cluster.masters.map(({ engine: { url } }) => ({ url }))

/** Of all pages: a Cluster is walked one node after the other. */
async function listed(store: OpenStore, prefix: string): Promise<readonly string[]> {
  const found: string[] = []
  let cursor: string | undefined
  do {
    const page = await store.list(prefix, cursor, 10)
    found.push(...page.resources)
    cursor = page.cursor
  } while (cursor !== undefined)
  return found
}

const drivers: Readonly<Record<string, () => Promise<Given> | Given>> = {
  'ioredis 5': () => ending(new Ioredis5(engine.url)),
  'a Cluster of ioredis 5': () => ending(new Ioredis5Cluster(nodes())),
  'redis 5': () => connected(createRedis5({ url: engine.url })),
  'a cluster of redis 5': () => connected(createRedis5Cluster({ rootNodes: urls() })),
  iovalkey: () => ending(new Iovalkey(engine.url)),
  'a Cluster of iovalkey': () => ending(new IovalkeyCluster(nodes())),
}

describe.each(Object.entries(drivers))('%s', (_, open) => {
  const opened = async (): Promise<OpenStore> => stage.opened(redis(await open()))

  test('hands a lock from one client to another, who is told; renews it, tells of an eviction, and lists it', async () => {
    const [store, other] = [await opened(), await opened()]
    const resource = `n!drivers-${(names += 1)}`
    const [first, second] = [claim(resource), claim(resource)]
    const { token } = held(await store.enter(first))
    expect((await other.enter(second)).kind).toBe('queued')
    const turn = other.watch(second, never)
    expect(await store.leave({ ...first, token })).toBe('left')
    // In a Cluster of a driver without sharded channels, and before it listens, a hint.
    const told = await turn
    const next = told.kind === 'held' ? told : held(await other.enter(second))
    expect(next.token).toBeGreaterThan(token)
    const ref = { resource, id: second.id, token: next.token }
    expect(await other.renew([{ ref, ttlMs: 30_000, note: 'news' }])).toMatchObject([{ kind: 'held' }])
    expect((await store.look(resource)).claims).toMatchObject([{ note: 'news', token: next.token }])
    expect(await listed(store, resource)).toEqual([resource])
    const seen = other.watch(ref, never)
    expect(await store.evict(resource, next.token, 'enough')).toBe('evicted')
    const news = await seen
    expect(news.kind === 'hint' ? (await other.renew([{ ref, ttlMs: 1_000 }]))[0] : news).toMatchObject({
      kind: 'gone',
    })
  })
})
