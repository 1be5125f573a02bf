/**
 * What goes wrong with some of the servers, or with the way to them: each is a defect that some library of Redlock had.
 * @module-tag real-time
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Redis } from 'ioredis'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { patient } from '@holdfast/testbed/watchdog/pace'
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import { redlock } from './index.ts'
import { claim, held, RedlockStage, takeAndLeave, turnOf } from './redlock.fixture.ts'
import { NODE_MS_MAX } from './limits.ts'

const RESOURCE = 'n!lock'
const RECORD = `holdfast:redlock:{${RESOURCE}}`
const MARKER = 'holdfast:redlock:node'
let stage: RedlockStage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new RedlockStage()
})
afterEach(() => stage[Symbol.asyncDispose]())

async function nodes(count: number): Promise<{ servers: readonly Engine[]; urls: string[]; seen: readonly Redis[] }> {
  const servers = await stage.servers(count)
  return { servers, urls: servers.map(({ url }) => url), seen: servers.map((each) => stage.client(each)) }
}

/** Somebody else's vote. */
async function plant(node: Redis | undefined, owner: string, ttlMs: number): Promise<void> {
  const [seconds = '0', micros = '0'] = (await node?.time())?.map(String) ?? []
  const nowUs = Number(seconds) * 1e6 + Number(micros)
  await node?.hset(RECORD, { t: nowUs, o: `${owner}.other-1`, s: 'h', x: nowUs + ttlMs * 1000, d: 0, c: 'nobody' })
}

async function ownersOf(seen: readonly Redis[]): Promise<readonly string[]> {
  return Promise.all(seen.map(async (client) => (await client.hget(RECORD, 'o')) ?? ''))
}

/** Only a vote and a renewal set when a record expires. */
async function votesGiven(seen: readonly Redis[]): Promise<readonly number[]> {
  const stats = await Promise.all(seen.map((client) => client.info('commandstats')))
  return stats.map((text) => Number(/cmdstat_pexpire:calls=(\d+)/.exec(text)?.[1] ?? 0))
}

async function tookMs(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return performance.now() - startedMs
}

describe('an attempt that did not get a majority', () => {
  test('gives back what it got, so that its own next attempt is not in its own way', async () => {
    const { urls, seen } = await nodes(3)
    const store = await stage.opened(redlock(urls))
    await plant(seen[1], 'a'.repeat(32), 150)
    await plant(seen[2], 'b'.repeat(32), 20_000)
    const mine = claim(RESOURCE, { ttlMs: 3_000 })
    expect(await tookMs(() => turnOf(store, mine))).toBeLessThan(patient(2_000, { below: 3_000 }))
    expect((await ownersOf(seen))[0]).toContain(mine.id)
  })

  test('leaves no vote on the minority it had', async () => {
    const { urls, seen } = await nodes(5)
    const store = await stage.opened(redlock(urls))
    for (const node of seen.slice(0, 3)) await plant(node, 'a'.repeat(32), 20_000)
    expect((await store.enter(claim(RESOURCE))).kind).toBe('queued')
    expect((await store.enter(claim(RESOURCE, { queue: false }))).kind).toBe('refused')
    await expect.poll(async () => (await ownersOf(seen)).slice(3)).toEqual(['', ''])
    expect((await store.look(RESOURCE)).claims[0]).toMatchObject({ id: 'a'.repeat(8), state: 'held' })
  })

  test('on an even number of nodes with split votes is settled, and asked again soon', async () => {
    const { urls, seen } = await nodes(4)
    const store = await stage.opened(redlock(urls))
    for (const node of seen.slice(0, 2)) await plant(node, 'a'.repeat(32), 700)
    const mine = claim(RESOURCE)
    const standing = await store.enter(mine)
    if (standing.kind !== 'queued') throw new Error(`${standing.kind} instead of queued`)
    expect(standing.recheckInMs).toBeLessThanOrEqual(75)
    await expect(store.enter(claim(RESOURCE, { queue: false }))).rejects.toThrow(NotApplied)
    await expect.poll(async () => (await ownersOf(seen)).slice(2)).toEqual(['', ''])
    await turnOf(store, mine)
  })

  test('says of each node why', async () => {
    const { servers, seen } = await nodes(5)
    const { proxies, urls } = await stage.proxied(servers)
    const store = await stage.opened(redlock(urls))
    await plant(seen[0], 'a'.repeat(32), 20_000)
    await seen[1]?.del(MARKER)
    await seen[2]?.set(RECORD, 'of another program')
    proxies[3]?.set({ kind: 'hold' })
    proxies[4]?.set({ kind: 'cut' })
    const error = await store.enter(claim(RESOURCE)).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(StoreUnavailable)
    const [busy, lost, wrong, slow, away] = urls.map((url) => new URL(url).host)
    const words = String(error)
    expect(words).toContain(`${busy} is busy`)
    expect(words).toContain(`${lost} is quarantined for 67 s`)
    expect(words).toContain(`${wrong} has a key of another program`)
    expect(words).toMatch(new RegExp(`${slow} is too slow: no answer within \\d+ ms`))
    expect(words).toMatch(new RegExp(`${away} (?:is unreachable|cannot be reached)`))
  })
})

describe('a lock is granted in the time of the majority', () => {
  test.each([1, 2])('with %i of five nodes frozen', async (count) => {
    const { servers, urls } = await nodes(5)
    const store = await stage.opened(redlock(urls))
    await takeAndLeave(store, RESOURCE)
    for (const each of servers.slice(0, count)) await each.pause()
    for (let round = 0; round < 5; round += 1) {
      expect(await tookMs(() => takeAndLeave(store, RESOURCE))).toBeLessThan(patient(900, { below: NODE_MS_MAX }))
    }
  })

  test('with one of three nodes slow', async () => {
    const { servers } = await nodes(3)
    const { proxies, urls } = await stage.proxied(servers)
    const store = await stage.opened(redlock(urls))
    proxies[1]?.set({ kind: 'delay', delayMs: 1_500 })
    for (let round = 0; round < 5; round += 1) {
      expect(await tookMs(() => takeAndLeave(store, RESOURCE))).toBeLessThan(patient(900, { below: NODE_MS_MAX }))
    }
  })

  test('with one of three nodes away, from the opening on; and it is used when it is back', async () => {
    const { servers, urls, seen } = await nodes(3)
    await takeAndLeave(await stage.opened(redlock(urls)), RESOURCE)
    await servers[1]?.kill()
    const store = await stage.opened(redlock(urls))
    await takeAndLeave(store, RESOURCE)
    await servers[1]?.restart()
    // Its quarantine begins with the first vote that is asked of it, and an operator knows better.
    await expect.poll(async () => takeAndLeave(store, RESOURCE).then(() => seen[1]?.exists(MARKER))).toBe(1)
    await seen[1]?.hset(MARKER, 'j', '1')
    await servers[0]?.kill()
    const { token } = await turnOf(store, claim(RESOURCE), 8_000)
    expect(token).toBeGreaterThan(0n)
  })

  test('or not at all, when this process stalled for too much of the lease meanwhile', async () => {
    const { urls, seen } = await nodes(3)
    const store = await stage.opened(redlock(urls))
    await takeAndLeave(store, RESOURCE)
    const asking = store.enter(claim(RESOURCE, { ttlMs: 2_000 }))
    const endsAtMs = performance.now() + 1_500
    while (performance.now() < endsAtMs);
    await expect(asking).rejects.toThrow(/a majority took \d+ ms of 2000 ms/)
    await expect.poll(() => ownersOf(seen)).toEqual(['', '', ''])
  })

  test('or not at all, with the words too slow, when the answers take too much of the lease', async () => {
    const { servers, seen } = await nodes(3)
    const { proxies, urls } = await stage.proxied(servers)
    const store = await stage.opened(redlock(urls))
    for (const proxy of proxies) proxy.set({ kind: 'delay', delayMs: 75 })
    const mine = claim(RESOURCE, { ttlMs: 240 })
    await expect(store.enter(mine)).rejects.toThrow(/too slow/)
    for (const proxy of proxies) proxy.set({ kind: 'pass' })
    await expect.poll(() => ownersOf(seen)).toEqual(['', '', ''])
  })
})

test('what operators ask needs a majority, and no more', { timeout: 30_000 }, async () => {
  const { servers, urls } = await nodes(3)
  const store = await stage.opened(redlock(urls))
  const mine = claim(RESOURCE)
  const { token } = held(await store.enter(mine))
  await expect.poll(async () => (await store.look(RESOURCE)).claims).toMatchObject([{ token }])
  const listed = async (): Promise<readonly string[]> => {
    const names: string[] = []
    let cursor: string | undefined
    do {
      const page = await store.list('n!', cursor, 10)
      names.push(...page.resources)
      cursor = page.cursor
    } while (cursor !== undefined)
    return names
  }
  expect(await listed()).toEqual([RESOURCE])
  await servers[0]?.kill()
  expect(await listed()).toEqual([RESOURCE])
  expect((await store.look(RESOURCE)).claims).toMatchObject([{ state: 'held', token }])
  await servers[1]?.kill()
  await expect(listed()).rejects.toThrow(/fewer than 2 of 3 nodes answered/)
  await expect(store.look(RESOURCE)).rejects.toThrow(/fewer than 2 of 3 nodes answered/)
  await expect(store.evict(RESOURCE, token, 'stuck')).rejects.toThrow(StoreUnavailable)
})

describe('an answer that is lost', () => {
  test('on one node costs nothing, and the vote is given back with the others', async () => {
    const { servers, seen } = await nodes(3)
    const { proxies, urls } = await stage.proxied(servers)
    const store = await stage.opened(redlock(urls))
    proxies[0]?.set({ kind: 'lose-replies' })
    const mine = claim(RESOURCE)
    const { token } = held(await store.enter(mine))
    await expect.poll(async () => new Set(await ownersOf(seen)).size).toBe(1)
    expect(await store.leave({ resource: RESOURCE, id: mine.id, token })).toBe('left')
    await expect.poll(() => ownersOf(seen)).toEqual(['', '', ''])
  })

  test.each(['URLs', 'clients of the caller'])(
    'on all nodes is asked for again, and leaves no orphan (%s)',
    async (what) => {
      const { servers, seen } = await nodes(3)
      const { proxies, urls, names } = await stage.proxied(servers)
      const nodesOf = what === 'URLs' ? urls : urls.map((url) => stage.client({ url }))
      const store = await stage.opened(redlock(nodesOf, { names }))
      const other = await stage.opened(redlock(servers.map(({ url }) => url)))
      for (const proxy of proxies) proxy.set({ kind: 'lose-replies' })
      const mine = claim(RESOURCE, { ttlMs: 20_000 })
      const asking = store.enter(mine).catch(() => undefined)
      await expect.poll(async () => (await ownersOf(seen)).filter((owner) => owner.startsWith(mine.id)).length).toBe(3)
      expect(await votesGiven(seen)).toEqual([1, 1, 1])
      // The connections break: ioredis sends again what was not answered on those that were handed in.
      for (const proxy of proxies) proxy.set({ kind: 'pass' })
      const given = what === 'URLs' ? [1, 1, 1] : [2, 2, 2]
      await expect.poll(() => votesGiven(seen)).toEqual(given)
      await asking
      const { token } = await turnOf(store, mine)
      expect((await other.look(RESOURCE)).claims).toMatchObject([{ state: 'held', token }])
      expect((await other.enter(claim(RESOURCE, { queue: false }))).kind).toBe('refused')
      expect(await store.leave({ resource: RESOURCE, id: mine.id, token })).toBe('left')
      await expect.poll(() => ownersOf(seen)).toEqual(['', '', ''])
      expect(await takeAndLeave(other, RESOURCE)).toBeGreaterThan(token)
    },
  )

  test('of a leave, on all nodes, frees nobody else when it is repeated', async () => {
    const { servers } = await nodes(3)
    const { proxies, urls, names } = await stage.proxied(servers)
    const store = await stage.opened(redlock(urls, { names }))
    const other = await stage.opened(redlock(servers.map(({ url }) => url)))
    const mine = claim(RESOURCE)
    const ref = { resource: RESOURCE, id: mine.id, token: held(await store.enter(mine)).token }
    for (const proxy of proxies) proxy.set({ kind: 'lose-replies' })
    await expect(store.leave(ref)).rejects.toThrow(/fewer than 2 of 3 nodes answered/)
    for (const proxy of proxies) proxy.set({ kind: 'pass' })
    const next = claim(RESOURCE)
    const { token } = held(await other.enter(next))
    await expect.poll(() => store.leave(ref).catch(() => 'unknown')).toBe('gone')
    expect((await other.look(RESOURCE)).claims).toMatchObject([{ state: 'held', token }])
  })
})
