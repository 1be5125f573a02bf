/**
 * A real Cluster of three primaries: routing, slots, messages across nodes, and the loss of a node.
 * @module-tag real-time
 */
import { readFileSync } from 'node:fs'
import { Cluster } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type RedisCluster, startCluster } from '@holdfast/testbed/engines/redis/cluster'
import * as server from '@holdfast/testbed/engines/redis/server'
import { RespConnection } from '@holdfast/testbed/engines/redis/resp'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { StoreUnavailable } from '../../store/errors.ts'
import type { OpenStore, Store } from '../../store/store.ts'
import type { Facts } from '../../store/facts.ts'
import { never } from '../opened.fixture.ts'
import { driverOf } from '../redis-driver/client.ts'
import type { RedisDriver } from '../redis-driver/driver.ts'
import { clusterDriverOf } from '../redis-driver/cluster-clients.ts'
import { slotOf } from '../redis-driver/slots.ts'
import { type AnyRedisClient, redis } from './index.ts'
import { claim, held, Stage, turnOf } from './redis.fixture.ts'

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

/** As core observes: an answer may come early, and does when the driver connects to one more node to listen there. */
async function nextVersion(store: OpenStore, resource: string, seen: string): Promise<string> {
  for (let early = 0; early <= hosts.length; early += 1) {
    const version = await store.observe(resource, seen, never)
    if (version !== seen) return version
  }
  throw new Error('an answer for each node, and none of a change')
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
      const turn = turnOf(store, second)
      await expect.poll(async () => (await store.look(resource)).claims.length).toBe(2)
      expect(await other.leave({ resource, id: first.id, token })).toBe('left')
      const next = await turn
      expect(next.token).toBeGreaterThan(token)
      refs.push({ resource, id: second.id, token: next.token })
    }
    expect(new Set(refs.map(({ resource }) => slotOf(`holdfast:{${resource}}`))).size).toBe(12)
    const answers = await store.renew(refs.map((ref) => ({ ref, ttlMs: 5_000 })))
    expect(answers).toMatchObject(refs.map(({ token }) => ({ kind: 'held', token, lifeMs: 5_000 })))
    const found: string[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page = await store.list(prefix, cursor, 5)
      expect(page.resources.length).toBeLessThanOrEqual(5)
      found.push(...page.resources)
      ;({ cursor } = page)
    }
    expect(found.toSorted()).toEqual(refs.map(({ resource }) => resource).toSorted())
    for (const ref of refs) expect(await store.leave(ref)).toBe('left')
  })

  test('an observer is told, and a holder learns of its eviction', { timeout: 10_000 }, async () => {
    const [store, other] = [await stage.opened(await make()), await stage.opened(redis(url))]
    const direct = await ioredisCluster()
    const resource = fresh()
    const holder = claim(resource)
    await other.leave({ ...holder, token: held(await other.enter(holder)).token })
    const observing = nextVersion(store, resource, (await store.look(resource)).version)
    // The observer is registered in the line, so from here on only a message can tell it.
    await expect.poll(() => direct.hexists(`holdfast:{${resource}}`, 'b')).toBe(1)
    const { token } = held(await store.enter(holder))
    await observing
    const ref = { resource, id: holder.id, token }
    // It was asked for before the channel was listened to: a renewal looks again.
    expect(await store.watch(ref, never)).toMatchObject({ kind: 'hint' })
    expect(await store.renew([{ ref, ttlMs: 9_000 }])).toMatchObject([{ kind: 'held' }])
    const watching = store.watch(ref, never)
    expect(await other.evict(resource, token, 'enough')).toBe('evicted')
    expect(await watching).toEqual({ kind: 'gone', reason: 'enough' })
  })
})

test('a node of a Cluster is refused to a client of one server, with the way out', async () => {
  const [first] = cluster?.masters ?? []
  await expect(stage.facts(redis(first?.engine.url ?? ''))).rejects.toThrow(/redis\+cluster:/)
  await expect(stage.facts(redis(first?.engine.url ?? ''))).rejects.toThrow(StoreUnavailable)
})

async function onAll(...words: readonly string[]): Promise<readonly unknown[]> {
  const answers = []
  for (const { engine } of cluster?.masters ?? []) {
    await using connection = await RespConnection.open(engine.url)
    answers.push(await connection.command(...words))
  }
  return answers
}

test('a Cluster is worth what the worst of its primaries is worth', async () => {
  const facts = async (): Promise<Facts> => stage.facts(redis(url))
  const bare = await facts()
  expect(bare).toMatchObject({ engine: expect.stringContaining('Cluster, 3 primaries'), safetyClass: 'best-effort' })
  expect(bare.reasons.join(' ')).toContain('One of its primaries keeps no append-only file')
  try {
    await onAll('CONFIG', 'SET', 'appendonly', 'yes', 'appendfsync', 'always')
    expect((await facts()).safetyClass).toBe('durable')
    await using last = await RespConnection.open(cluster?.masters.at(-1)?.engine.url ?? '')
    await last.command('CONFIG', 'SET', 'appendfsync', 'everysec')
    const worst = await facts()
    expect(worst.safetyClass).toBe('best-effort')
    expect(worst.reasons.join(' ')).toContain('One of its primaries may lack the last second')
  } finally {
    await onAll('CONFIG', 'SET', 'appendonly', 'no')
  }
})

test('a waiter that listens on another node is not taken for dead, and is told', async () => {
  const client = await ioredisCluster()
  const { send, primaries } = clusterDriverOf(client) ?? {}
  if (send === undefined || primaries === undefined) throw new Error('no Cluster')
  for (const { engine } of cluster?.masters ?? []) {
    // Plain messages reach every node, and are counted on the node of the script alone.
    const port: RedisDriver = { send, primaries, listen: (hearer) => driverOf(stage.client(engine)).listen(hearer) }
    const [store, other] = [await stage.opened(redis(port)), await stage.opened(redis(url))]
    const [first, second, third] = [claim(fresh()), claim(''), claim('')]
    const { resource } = first
    const { token } = held(await other.enter(first))
    const [waiter, behind] = [
      { ...second, resource },
      { ...third, resource },
    ]
    const turn = turnOf(store, waiter, 15_000)
    await expect.poll(async () => (await store.look(resource)).claims.length).toBe(2)
    expect((await other.enter(behind)).kind).toBe('queued')
    const startedMs = performance.now()
    await other.leave({ resource, id: first.id, token })
    expect((await other.look(resource)).claims).toMatchObject([{ id: waiter.id.slice(0, 8) }, { state: 'waiting' }])
    expect((await turn).token).toBeGreaterThan(token)
    expect(performance.now() - startedMs).toBeLessThan(8_000)
  }
})

test('a turn that came before anybody listened is told at once', async () => {
  const [store, other] = [await stage.opened(redis(url)), await stage.opened(redis(url))]
  const [first, second] = [claim(fresh()), claim('')]
  const { resource } = first
  const { token } = held(await other.enter(first))
  const waiter = { ...second, resource }
  expect((await store.enter(waiter)).kind).toBe('queued')
  await other.leave({ ...first, token })
  const startedMs = performance.now()
  expect(await store.watch(waiter, AbortSignal.timeout(5_000))).toEqual({ kind: 'hint' })
  expect(performance.now() - startedMs).toBeLessThan(4_000)
  held(await store.enter(waiter))
})

test('two of one slot and one of another are answered in the order in which they were asked for', async () => {
  const store = await stage.opened(redis(url))
  const slot = (resource: string): number => slotOf(`holdfast:{${resource}}`)
  const first = fresh()
  let index = 0
  while (slot(`n!same-${index}`) !== slot(first)) index += 1
  const claims = [claim(first), claim(fresh()), claim(`n!same-${index}`)]
  const renewals = []
  for (const each of claims)
    renewals.push({ ref: { ...each, token: held(await store.enter(each)).token }, ttlMs: 9_000 })
  const answers = await store.renew(renewals)
  expect(answers).toMatchObject(renewals.map(({ ref }) => ({ kind: 'held', token: ref.token })))
})

test('a line that cannot be renewed is the failure of its claim, and those of other slots are renewed', async () => {
  const client = await ioredisCluster()
  const store = await stage.opened(redis(client))
  const claims = Array.from({ length: 20 }, () => claim(fresh()))
  const renewals = []
  for (const each of claims)
    renewals.push({ ref: { ...each, token: held(await store.enter(each)).token }, ttlMs: 9_000 })
  const [bad = claim('')] = claims.slice(7)
  await client.set(`holdfast:{${bad.resource}}`, 'not a lock')
  const answers = await store.renew(renewals)
  for (const [index, answer] of answers.entries()) {
    if (index === 7) expect(answer).toBeInstanceOf(StoreUnavailable)
    else expect(answer).toMatchObject({ kind: 'held', lifeMs: 9_000, token: renewals[index]?.ref.token })
  }
})

test('the channels of lines that nobody waits for any more are ended, but for the last hundred', async () => {
  const other = await stage.opened(redis(url))
  const channels = async (): Promise<number> => (await onAll('PUBSUB', 'SHARDCHANNELS', 'holdfast:*')).flat().length
  const before = await channels()
  const store = await stage.opened(redis(await ioredisCluster()))
  const refs = Array.from({ length: 130 }, () => claim(fresh()))
  for (const ref of refs) {
    const first = claim(ref.resource)
    await other.enter(first)
    await store.enter(ref)
    await store.watch(ref, AbortSignal.timeout(5_000))
  }
  await expect.poll(channels).toBe(before + 100)
  const [oldest, newest] = [refs[0]?.resource ?? '', refs.at(-1)?.resource ?? '']
  const listened = (await onAll('PUBSUB', 'SHARDCHANNELS', 'holdfast:*')).flat().join(' ')
  expect(listened).toContain(`{${newest}}`)
  expect(listened).not.toContain(`{${oldest}}`)
})

test('closing leaves no connection behind', async () => {
  const connections = async (): Promise<number> =>
    (await onAll('CLIENT', 'LIST')).flatMap((list) => String(list).trim().split('\n')).length
  const before = await connections()
  const store = await stage.opened(redis(url))
  const waiting = claim(fresh())
  await store.enter(claim(waiting.resource))
  await store.enter(waiting)
  await store.watch(waiting, never)
  expect(await connections()).toBeGreaterThan(before)
  await store.close()
  await expect.poll(connections).toBeLessThanOrEqual(before)
})

test('the rights in the documentation are enough for a Cluster', async () => {
  const page = readFileSync(new URL('../../../../../docs/redis.md', import.meta.url), 'utf8')
  const [, words = ''] = /^ACL (SETUSER .*)$/m.exec(page) ?? []
  const [, more = ''] = /`(\+spublish [^`]*)`/.exec(page) ?? []
  await onAll('ACL', ...words.split(' '))
  await onAll('ACL', 'SETUSER', 'locks', ...more.split(' '))
  const [store, other] = [
    await stage.opened(redis(url.replace('//', '//locks:secret@'))),
    await stage.opened(redis(url)),
  ]
  const [first, second] = [claim(fresh()), claim('')]
  const { resource } = first
  held(await store.enter(first))
  const observing = nextVersion(store, resource, (await store.look(resource)).version)
  const turn = turnOf(store, { ...second, resource })
  await expect.poll(async () => (await other.look(resource)).claims.length).toBe(2)
  await observing
  expect((await store.list(resource, undefined, 10)).resources.length).toBeLessThanOrEqual(1)
  await other.leave(first)
  await store.leave({ ...second, resource, token: (await turn).token })
  const refused = async (user: string, words: RegExp): Promise<void> =>
    expect(stage.facts(redis(url.replace('//', `//${user}@`)))).rejects.toThrow(words)
  await refused('locks:wrong', /refused the user name or the password/)
  await onAll('ACL', 'SETUSER', 'locks', '-ssubscribe')
  await refused('locks:secret', /does not allow/)
  await onAll('ACL', 'SETUSER', 'locks', '-cluster|info')
  await refused('locks:secret', /CLUSTER INFO/)
})

test('a Cluster that cannot be reached is told in time', async () => {
  await expect(stage.facts(redis('redis+cluster://127.0.0.1:1,127.0.0.1:2'))).rejects.toThrow(
    /no node of the Redis Cluster can be reached/,
  )
})
