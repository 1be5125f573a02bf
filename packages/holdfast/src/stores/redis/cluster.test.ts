/** A real Cluster of three primaries: routing, slots, messages across nodes, and the loss of a node. */
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type RedisCluster, startCluster } from '../../../../lab/src/engines/redis/cluster.ts'
import * as server from '../../../../lab/src/engines/redis/server.ts'
import { requireEngine } from '../../../../lab/src/engines/require-engine.ts'
import { StoreUnavailable } from '../../core/errors.ts'
import type { Standing, Store } from '../../core/store.ts'
import { slotOf } from '../shared/redis/slots.ts'
import { type AnyRedisClient, redis } from './index.ts'
import { claim, held, never, Stage } from './redis.fixture.ts'

const stage = new Stage()
let cluster: RedisCluster | undefined
let hosts: { host: string; port: number }[] = []
let url = ''
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (cluster !== undefined) return
  cluster = await startCluster()
  hosts = cluster.masters.map(({ engine }) => ({ host: engine.host, port: engine.port }))
  url = `redis+cluster://${hosts.map(({ host, port }) => `${host}:${port}`).join(',')}`
})
afterAll(async () => {
  await stage[Symbol.asyncDispose]()
  await cluster?.close()
})

const fresh = (): string => `n!lock-${(names += 1)}`

async function ioredisCluster(): Promise<Cluster> {
  const client = new Cluster(hosts)
  client.on('error', () => undefined)
  stage.ending(() => client.disconnect())
  return client
}

async function nodeRedisCluster(): Promise<AnyRedisClient> {
  const client = createCluster({ rootNodes: hosts.map(({ host, port }) => ({ url: `redis://${host}:${port}` })) })
  client.on('error', () => undefined)
  await client.connect()
  stage.ending(() => client.destroy())
  return client
}

/** As core does: a hint means to look again. */
async function turnOf(store: Store, ref: { resource: string; id: string }, memo: string): Promise<Standing> {
  for (let tries = 0; tries < 100; tries += 1) {
    const seen = await store.watch(ref, memo, never)
    const standing = seen.kind === 'hint' ? await store.enter(claim(ref.resource, { id: ref.id })) : seen
    if (standing.kind !== 'queued') return standing
    memo = standing.memo
  }
  throw new Error('hints without end')
}

describe.each([
  ['an ioredis Cluster', async (): Promise<Store> => redis(await ioredisCluster())],
  ['a node-redis cluster', async (): Promise<Store> => redis(await nodeRedisCluster())],
  ['a URL', async (): Promise<Store> => redis(url)],
])('through %s', (_, make) => {
  test('locks in every slot are taken, waited for, handed over, renewed, listed and given back', async () => {
    const [store, other] = [await stage.opened(await make()), await stage.opened(redis(url))]
    const prefix = `n!${_.length}-`
    const refs = []
    for (let index = 0; index < 12; index += 1) {
      const [first, second] = [claim(`${prefix}${index}`), claim(`${prefix}${index}`, { note: 'next' })]
      const { resource } = first
      const { token } = held(await other.enter(first))
      const waiting = await store.enter(second)
      if (waiting.kind !== 'queued') throw new Error('not queued')
      const turn = turnOf(store, { resource, id: second.id }, waiting.memo)
      expect(await other.leave({ resource, id: first.id, token })).toBe('left')
      const next = held(await turn)
      expect(next.token).toBeGreaterThan(token)
      refs.push({ resource, id: second.id, token: next.token })
    }
    expect(new Set(refs.map(({ resource }) => slotOf(`holdfast:{${resource}}`))).size).toBe(12)
    const answers = await store.renew(refs.map((ref) => ({ ref, ttlMs: 5_000 })))
    expect(answers).toMatchObject(refs.map(({ token }) => ({ kind: 'held', token, lifeMs: 5_000 })))
    const found: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await store.admin.list(prefix, cursor, 5)
      expect(page.resources.length).toBeLessThanOrEqual(5)
      found.push(...page.resources)
      ;({ cursor } = page)
    }
    expect(found.toSorted()).toEqual(refs.map(({ resource }) => resource).toSorted())
    for (const ref of refs) expect(await store.leave(ref)).toBe('left')
  })

  test('an observer is told, and a holder learns of its eviction', async () => {
    const [store, other] = [await stage.opened(await make()), await stage.opened(redis(url))]
    const resource = fresh()
    const observing = store.watch({ resource }, (await store.look(resource)).memo, never)
    const holder = claim(resource)
    const { token, memo } = held(await store.enter(holder))
    expect((await observing).kind).toBe('hint')
    const ref = { resource, id: holder.id, token }
    expect(await store.watch(ref, memo, never)).toMatchObject({ kind: 'hint' })
    const watching = store.watch(ref, memo, never)
    expect(await other.admin.evict(resource, token, 'enough')).toBe('evicted')
    expect(await watching).toEqual({ kind: 'gone', reason: 'enough' })
  })
})

test('a node of a Cluster is refused to a client of one server, with the way out', async () => {
  const [first] = cluster?.masters ?? []
  await expect(stage.facts(redis(first?.engine.url ?? ''))).rejects.toThrow(/redis\+cluster:/)
  await expect(stage.facts(redis(first?.engine.url ?? ''))).rejects.toThrow(StoreUnavailable)
})
