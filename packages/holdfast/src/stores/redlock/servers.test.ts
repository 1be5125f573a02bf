/** The list of servers is compared, and changed without two majorities that know nothing of each other. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Redis } from 'ioredis'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import type { OpenStore } from '../../store/store.ts'
import { redlock, redlockServers, type RedlockServers } from './index.ts'
import { RedlockKeys } from './keys.ts'
import { claim, held, RedlockStage, takeAndLeave } from './redlock.fixture.ts'

const RESOURCE = 'n!lock'
const TTL_MS = 60_000
const keys = new RedlockKeys('holdfast')
const RECORD = keys.record(RESOURCE)
let stage: RedlockStage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new RedlockStage()
})
afterEach(() => stage[Symbol.asyncDispose]())

interface Servers {
  readonly engines: readonly Engine[]
  readonly urls: readonly string[]
  readonly seen: readonly Redis[]
}

async function servers(count: number): Promise<Servers> {
  const engines = await stage.servers(count)
  return { engines, urls: engines.map(({ url }) => url), seen: engines.map((each) => stage.client(each)) }
}

/** A lock on the first two of three servers: a bare majority, as when the third was away. */
async function barelyHeld(store: OpenStore, { seen }: Servers): Promise<() => Promise<string>> {
  const mine = claim(RESOURCE, { ttlMs: TTL_MS })
  const { token } = held(await store.enter(mine))
  await expect.poll(async () => (await seen[2]?.hget(RECORD, 'o')) ?? '').toContain(mine.id)
  await seen[2]?.hset(RECORD, { o: '', x: 0 })
  const renewal = { ref: { resource: RESOURCE, id: mine.id, token }, ttlMs: TTL_MS }
  return async () => {
    const [answer] = await store.renew([renewal])
    return answer !== undefined && 'kind' in answer ? answer.kind : 'unknown'
  }
}

async function endQuarantines({ seen }: Servers): Promise<void> {
  for (const each of seen) if ((await each.exists(keys.marker)) === 1) await each.hset(keys.marker, 'j', '1')
}

/** As if the wait after leaving the old list were over. */
async function endWait({ seen }: Servers): Promise<void> {
  for (const each of seen) await each.hset(keys.marker, 'c', '1')
}

async function noSoleClient({ seen }: Servers): Promise<void> {
  for (const each of seen) await each.hdel(keys.marker, 'u')
}

function operating(...given: Parameters<typeof redlockServers>): RedlockServers {
  const operated = redlockServers(...given)
  stage.ending(() => operated.close())
  return operated
}

/** From three servers to five, or with one of three replaced; each list with both together as its way in between. */
const changes = [
  ['from three servers to five', 5, (urls: readonly string[]) => urls],
  ['with one of three servers replaced', 4, (urls: readonly string[]) => [...urls.slice(0, 2), ...urls.slice(3)]],
] as const

describe('a client with another list of servers', () => {
  test.each(changes)('%s, never holds together with one of the old list', async (_, count, changed) => {
    const all = await servers(count)
    const three = await stage.opened(redlock(all.urls.slice(0, 3)))
    const renewed = await barelyHeld(three, all)
    await expect(stage.opened(redlock(changed(all.urls)))).rejects.toThrow(/belongs to a Redlock of other servers/)
    await expect(stage.opened(redlock(changed(all.urls)))).rejects.toThrow(Misuse)
    expect(await all.seen.at(-1)?.exists(keys.marker)).toBe(0)
    expect(await renewed()).toBe('held')
  })

  test('is refused when it gives the same servers another maxTtl, and told both; without one it has that of the servers', async () => {
    const { urls } = await servers(3)
    await stage.opened(redlock(urls, { maxTtl: 30_000 }))
    await expect(stage.opened(redlock(urls, { maxTtl: 60_000 }))).rejects.toThrow(
      /with a maxTtl of 30000 ms\. This client has .* with a maxTtl of 60000 ms/,
    )
    expect((await stage.facts(redlock(urls))).ttl.maxMs).toBe(30_000)
  })

  test('is one with other names for the same servers, unless it gives them the names of the others', async () => {
    const { urls, engines } = await servers(3)
    await stage.opened(redlock(urls))
    const local = urls.map((url) => url.replace('127.0.0.1', 'localhost'))
    await expect(stage.opened(redlock(local))).rejects.toThrow(/localhost:\d+ belongs to a Redlock of other servers/)
    const names = engines.map(({ port }) => `127.0.0.1:${port}`)
    expect(await takeAndLeave(await stage.opened(redlock(local, { names })), RESOURCE)).toBeGreaterThan(0n)
  })

  test('that was open before is refused by the servers after a change, and then by itself', async () => {
    const all = await servers(3)
    const store = await stage.opened(redlock(all.urls))
    await takeAndLeave(store, RESOURCE)
    for (const each of all.seen) await each.hset(keys.marker, { l: 'f'.repeat(16) + '.60000', g: 3 })
    await expect(store.enter(claim(RESOURCE))).rejects.toThrow(/list of servers of this Redlock was changed/)
    for (const each of all.seen) await each.del(keys.marker)
    await expect(store.enter(claim(RESOURCE))).rejects.toThrow(/list of servers of this Redlock was changed/)
    expect(await all.seen[0]?.exists(keys.marker)).toBe(0)
  })

  test('does not begin with servers that know nothing while another one is away', async () => {
    const { urls, engines, seen } = await servers(3)
    await engines[2]?.kill()
    await expect(stage.opened(redlock(urls))).rejects.toThrow(StoreUnavailable)
    await expect(stage.opened(redlock(urls))).rejects.toThrow(/It is a first start only when all servers are there/)
    expect(await seen[0]?.exists(keys.marker)).toBe(0)
    await operating(urls).start()
    const store = await stage.opened(redlock(urls))
    await expect(store.enter(claim(RESOURCE))).rejects.toThrow(/quarantined for 67 s/)
    for (const each of seen.slice(0, 2)) await each.hset(keys.marker, 'j', '1')
    expect(await takeAndLeave(store, RESOURCE)).toBeGreaterThan(0n)
  })
})

describe.each(changes)('a change %s', (_, count, changed) => {
  const lists = (all: Servers) => ({ old: all.urls.slice(0, 3), changed: changed(all.urls) })

  test('lets the old clients, those with both lists and the new ones never hold together', async () => {
    const all = await servers(count)
    const { old, changed: next } = lists(all)
    const from = { nodes: old }
    const oldClient = await stage.opened(redlock(old))
    const renewed = await barelyHeld(oldClient, all)
    const operator = operating(next, { from })
    expect(await operator.begin()).toEqual({ step: 'prepared', waitMs: TTL_MS + 7_000 })
    await endQuarantines(all)
    const both = await stage.opened(redlock(next, { from }))
    const isFree = async (store: OpenStore): Promise<boolean> => {
      const standing = await store.enter(claim(RESOURCE, { queue: false }))
      return standing.kind === 'held'
    }
    expect(await isFree(both)).toBe(false)
    expect((await both.look(RESOURCE)).claims).toMatchObject([{ state: 'held' }])
    expect(await renewed()).toBe('held')
    await expect(operator.finish()).rejects.toThrow(/a client that knows the old list alone was at work \d+ s ago/)

    // The old list is taken away, and with it the lock of the client that was left behind.
    expect(await operator.finish({ force: true })).toEqual({ step: 'left', waitMs: TTL_MS + 7_000 })
    expect(await renewed()).toBe('gone')
    await expect(oldClient.enter(claim(RESOURCE))).rejects.toThrow(/list of servers of this Redlock was changed/)
    await expect(stage.opened(redlock(next))).rejects.toThrow(/belongs to a Redlock of other servers/)
    const { step, waitMs } = await operator.finish()
    expect(step).toBe('left')
    expect(waitMs).toBeGreaterThan(TTL_MS)
    // What it holds is still there, for whoever believes the store more than the holder does.
    expect(await isFree(both)).toBe(false)

    await endWait(all)
    expect(await operator.finish()).toEqual({ step: 'done', waitMs: 0 })
    expect(await operator.finish()).toEqual({ step: 'done', waitMs: 0 })
    const newClient = await stage.opened(redlock(next))
    for (const each of all.seen) await each.hset(RECORD, { o: '', x: 0 })
    const mine = claim(RESOURCE, { ttlMs: TTL_MS })
    held(await both.enter(mine))
    expect(await isFree(newClient)).toBe(false)
    await both.leave({ resource: RESOURCE, id: mine.id })
    held(await newClient.enter(mine))
    expect(await isFree(both)).toBe(false)
    await expect(stage.opened(redlock(old))).rejects.toThrow(Misuse)
  })

  test('is refused while a server is away, and goes on without it when it is gone for good', async () => {
    const all = await servers(count)
    const { old, changed: next } = lists(all)
    await takeAndLeave(await stage.opened(redlock(old)), RESOURCE)
    await noSoleClient(all)
    const operator = operating(next, { from: { nodes: old } })
    await operator.begin()
    await endQuarantines(all)
    const [gone] = all.engines
    await gone?.kill()
    await expect(operator.finish()).rejects.toThrow(/nothing was changed: 127\.0\.0\.1:\d+ is away/)
    await expect(operator.finish({ without: ['mistyped:6379'] })).rejects.toThrow(/mistyped:6379 is on neither list/)
    const without = [`127.0.0.1:${gone?.port}`]
    expect(await operator.finish({ without })).toMatchObject({ step: 'left' })
    for (const each of all.seen.slice(1)) await each.hset(keys.marker, 'c', '1')
    expect(await operator.finish({ without })).toEqual({ step: 'done', waitMs: 0 })
    const store = await stage.opened(redlock(next))
    expect(await takeAndLeave(store, RESOURCE)).toBeGreaterThan(0n)
  })
})

test('a server that was away during a change comes under the new list when it is back, and is quarantined', async () => {
  const all = await servers(5)
  const old = all.urls.slice(0, 3)
  await takeAndLeave(await stage.opened(redlock(old)), RESOURCE)
  const before = await all.seen[2]?.hgetall(keys.marker)
  await noSoleClient(all)
  const operator = operating(all.urls, { from: { nodes: old } })
  await operator.begin()
  await operator.finish()
  await endQuarantines(all)
  await endWait(all)
  await operator.finish()
  await all.seen[2]?.del(keys.marker)
  await all.seen[2]?.hset(keys.marker, before ?? {})
  const store = await stage.opened(redlock(all.urls))
  expect(store.facts.reasons.join(' ')).toMatch(/Under an older list of servers, so quarantined .*: 127\.0\.0\.1:\d+\./)
  await takeAndLeave(store, RESOURCE)
  const list = await all.seen[0]?.hget(keys.marker, 'l')
  await expect.poll(() => all.seen[2]?.hget(keys.marker, 'l')).toBe(list)
  expect(Number(await all.seen[2]?.hget(keys.marker, 'j'))).toBeGreaterThan(Date.now() * 1000)
})

test('a client with both lists brings neither the old list nor the step back, where a server lost its data after the change', async () => {
  const all = await servers(5)
  const from = { nodes: all.urls.slice(0, 3) }
  await takeAndLeave(await stage.opened(redlock(from.nodes)), RESOURCE)
  await noSoleClient(all)
  const operator = operating(all.urls, { from })
  await operator.begin()
  await endQuarantines(all)
  await operator.finish()
  await endWait(all)
  await operator.finish()
  const list = await all.seen[0]?.hget(keys.marker, 'l')
  await all.seen[0]?.flushall()
  const both = await stage.opened(redlock(all.urls, { from }))
  await takeAndLeave(both, RESOURCE)
  await expect.poll(() => all.seen[0]?.hget(keys.marker, 'l')).toBe(list)
})

test('an old client is noticed where leases are shorter than what is written down of it is exact', async () => {
  const all = await servers(4)
  const from = { nodes: all.urls.slice(0, 3) }
  const old = await stage.opened(redlock(from.nodes, { maxTtl: 1_000 }))
  await takeAndLeave(old, RESOURCE)
  const agoUs = (BigInt(Date.now()) - 8_000n) * 1000n
  for (const each of all.seen.slice(0, 3)) await each.hset(keys.marker, 'u', String(agoUs))
  const operator = operating([...from.nodes.slice(1), ...all.urls.slice(3)], { from })
  await operator.begin()
  await endQuarantines(all)
  await expect(operator.finish()).rejects.toThrow(/at work [89] s ago .*come back 11 s after the last one/)
})

test('longer leases are a change of the list as well: until it is done nobody takes one, and servers are kept out for the longer one', async () => {
  const all = await servers(3)
  await takeAndLeave(await stage.opened(redlock(all.urls, { maxTtl: 1_000 })), RESOURCE)
  await noSoleClient(all)
  const options = { maxTtl: 90_000, from: { nodes: all.urls, maxTtl: 1_000 } }
  const both = await stage.opened(redlock(all.urls, options))
  expect(both.facts.ttl.maxMs).toBe(1_000)
  await all.seen[0]?.flushall()
  await takeAndLeave(both, RESOURCE)
  await expect.poll(() => all.seen[0]?.exists(keys.marker)).toBe(1)
  const [joins, since] = (await all.seen[0]?.hmget(keys.marker, 'j', 's')) ?? []
  expect(Number(joins) - Number(since)).toBe(97_000_000)
  await endQuarantines(all)
  const operator = operating(all.urls, options)
  expect(await operator.finish()).toEqual({ step: 'left', waitMs: 97_000 })
  await endWait(all)
  expect(await operator.finish()).toEqual({ step: 'done', waitMs: 0 })
  expect((await stage.facts(redlock(all.urls))).ttl.maxMs).toBe(90_000)
})

test('the status says of each server on which lists it is, under which it is, and which clients were at work', async () => {
  const all = await servers(4)
  const old = all.urls.slice(0, 3)
  const next = [...old.slice(1), ...all.urls.slice(3)]
  const operator = operating(next, { from: { nodes: old } })
  const under = async (): Promise<readonly string[]> =>
    (await operator.status()).map(({ on, under: is }) => `${on} ${is}`)
  expect(await under()).toEqual(['both none', 'both none', 'new none', 'old none'])
  await takeAndLeave(await stage.opened(redlock(old)), RESOURCE)
  expect(await under()).toEqual(['both old', 'both old', 'new none', 'old old'])
  await operator.begin()
  expect(await under()).toEqual(['both old', 'both old', 'new between', 'old old'])
  const [first, , added] = await operator.status()
  expect(first?.soleClientForMs).toBeLessThan(11_000)
  expect(first?.list).toMatch(/^127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+ with a maxTtl of 60000 ms$/)
  expect(added?.quarantinedForMs).toBeGreaterThan(60_000)
  await all.engines[1]?.kill()
  await sleep(10)
  expect((await under())[0]).toBe('both away')
})

test('a change of nothing, and one that begins with a first start, are refused', async () => {
  const { urls } = await servers(4)
  const from = { nodes: urls.slice(0, 3) }
  await expect(stage.opened(redlock(urls, { from }))).rejects.toThrow(/leave out `from`/)
  await expect(operating(urls).begin()).rejects.toThrow(/both lists are needed/)
  await expect(operating(urls, { from }).start()).rejects.toThrow(/leave out `from`/)
  await expect(operating(urls, { from }).finish()).rejects.toThrow(Misuse)
})
