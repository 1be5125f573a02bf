/**
 * Nodes that forget: wiped, restarted without data, or with a part of it gone; and tokens that rise nevertheless.
 * @module-tag real-time
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Redis } from 'ioredis'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { RedlockKeys } from './keys.ts'
import { redlock } from './index.ts'
import { claim, held, RedlockStage, takeAndLeave, turnOf } from './redlock.fixture.ts'
import { scripts } from './scripts.ts'

const RESOURCE = 'n!lock'
const keys = new RedlockKeys('holdfast')
const RECORD = keys.record(RESOURCE)
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

/** As if its quarantine were over. */
async function endQuarantine(node: Redis | undefined): Promise<void> {
  await node?.hset(keys.marker, 'j', '1')
}

test('a node that was wiped gives no vote until every lease of before is over, and its holder keeps the lock', async () => {
  const { urls, seen } = await nodes(3)
  const store = await stage.opened(redlock(urls, { maxTtl: 10_000 }))
  const mine = claim(RESOURCE, { ttlMs: 10_000 })
  const ref = { resource: RESOURCE, id: mine.id, token: held(await store.enter(mine)).token }
  await expect
    .poll(async () => (await Promise.all(seen.map((each) => each.hget(RECORD, 'o')))).filter(Boolean).length)
    .toBe(3)
  await seen[0]?.flushall()
  expect(await store.renew([{ ref, ttlMs: 10_000 }])).toMatchObject([{ kind: 'held', token: ref.token }])
  // One more node would be enough to grant the lock a second time, if the wiped one gave its vote.
  await seen[1]?.hset(RECORD, { o: '', x: 0 })
  await expect(store.enter(claim(RESOURCE))).resolves.toMatchObject({ kind: 'queued' })
  expect(await seen[0]?.hget(RECORD, 'o')).toBeNull()
  const joins = Number(await seen[0]?.hget(keys.marker, 'j')) - Number(await seen[0]?.hget(keys.marker, 's'))
  expect(joins).toBe((10_000 + 5_000 + 2_000) * 1000)
})

test('a node in quarantine tells of nobody who waits: who left while it was away could not say so', async () => {
  const { urls, seen } = await nodes(3)
  const store = await stage.opened(redlock(urls))
  await store.enter(claim(RESOURCE))
  const waiter = claim(RESOURCE)
  expect((await store.enter(waiter)).kind).toBe('queued')
  const waiting = async (): Promise<number> => (await store.look(RESOURCE)).claims.length - 1
  const [, ...lists] = keys.all(RESOURCE)
  const onNodes = async (): Promise<number> =>
    (await Promise.all(seen.map((each) => each.exists(...lists)))).filter((count) => count === 3).length
  await expect.poll(onNodes).toBe(3)
  // As it was left to the first one alone.
  for (const each of seen.slice(1)) await each.del(...lists)
  expect(await waiting()).toBe(1)
  await seen[0]?.hset(keys.marker, 'j', String((Date.now() + 60_000) * 1000))
  expect(await waiting()).toBe(0)
})

test('with more nodes in quarantine than may be lost nothing is granted, and the error says so', async () => {
  const { urls, seen } = await nodes(3)
  const store = await stage.opened(redlock(urls))
  let last = await takeAndLeave(store, RESOURCE)
  await Promise.all(seen.slice(0, 2).map((each) => each.flushall()))
  await expect(store.enter(claim(RESOURCE))).rejects.toThrow(
    /is quarantined for 67 s, because it was restarted, lost its data or is new/,
  )
  const reasons = (await stage.facts(redlock(urls))).reasons.join(' ')
  expect(reasons).toMatch(
    /Quarantined, because they were restarted, lost their data or are new: 127\.0\.0\.1:\d+, 127\.0\.0\.1:\d+\./,
  )
  for (const node of seen) await endQuarantine(node)
  for (let round = 0; round < 5; round += 1) {
    const token = await takeAndLeave(store, RESOURCE)
    expect(token).toBeGreaterThan(last)
    last = token
  }
})

test('a server that was restarted without its data is one that lost it, and serves again after its quarantine', async () => {
  const { servers, urls, seen } = await nodes(3)
  const store = await stage.opened(redlock(urls))
  const before = await takeAndLeave(store, RESOURCE)
  await servers[0]?.kill()
  await servers[0]?.restart()
  await expect
    .poll(async () => {
      await takeAndLeave(store, RESOURCE)
      return seen[0]?.exists(keys.marker)
    })
    .toBe(1)
  expect(Number(await seen[0]?.hget(keys.marker, 'j'))).toBeGreaterThan(Date.now() * 1000 + 60_000_000)
  await endQuarantine(seen[0])
  await servers[1]?.kill()
  expect((await turnOf(store, claim(RESOURCE), 8_000)).token).toBeGreaterThan(before)
})

test('a server that was restarted with a snapshot of before its vote gives none to another', async () => {
  const servers = await stage.servers(3, { config: { save: '3600 1' } })
  const urls = servers.map(({ url }) => url)
  const seen = servers.map((each) => stage.client(each))
  const store = await stage.opened(redlock(urls))
  await takeAndLeave(store, RESOURCE)
  await seen[1]?.save()
  const mine = claim(RESOURCE, { ttlMs: 60_000 })
  const ref = { resource: RESOURCE, id: mine.id, token: held(await store.enter(mine)).token }
  await expect.poll(async () => (await seen[1]?.hget(RECORD, 'o')) ?? '').toContain(mine.id)
  await servers[1]?.kill()
  await servers[1]?.restart()
  // It has its marker and its record, as they were before the vote.
  expect(await seen[1]?.hget(RECORD, 'o')).toBe('')
  const facts = await stage.facts(redlock(urls))
  expect(facts.reasons.join(' ')).toMatch(
    /Restarted, perhaps without a part of their data, so quarantined for 67 s from their first vote: 127\.0\.0\.1:\d+\./,
  )
  // As if the last one had been away when the lock was granted.
  await seen[2]?.hset(RECORD, { o: '', x: 0 })
  await expect
    .poll(async () => {
      const other = await store.enter(claim(RESOURCE)).catch(() => undefined)
      expect(other?.kind).not.toBe('held')
      return Number(await seen[1]?.hget(keys.marker, 'j')) > (Date.now() + 60_000) * 1000
    })
    .toBe(true)
  expect(await seen[1]?.hget(RECORD, 'o')).toBe('')
  // With what two of three nodes have forgotten its holder is told so.
  expect(await store.renew([{ ref, ttlMs: 60_000 }])).toEqual([{ kind: 'gone' }])
})

test('a server that keeps every change goes on after a restart', async () => {
  const servers = await stage.servers(3, { aof: 'always' })
  const urls = servers.map(({ url }) => url)
  const seen = servers.map((each) => stage.client(each))
  const store = await stage.opened(redlock(urls))
  let last = await takeAndLeave(store, RESOURCE)
  await expect.poll(() => Promise.all(seen.map((each) => each.hget(keys.marker, 'k')))).toEqual(['1', '1', '1'])
  const joins = await Promise.all(seen.map((each) => each.hget(keys.marker, 'j')))
  for (const each of servers) {
    await each.kill()
    await each.restart()
    const mine = claim(RESOURCE)
    const { token } = await turnOf(store, mine, 20_000)
    expect(token).toBeGreaterThan(last)
    last = token
    await store.leave({ resource: RESOURCE, id: mine.id, token })
  }
  expect(await Promise.all(seen.map((each) => each.hget(keys.marker, 'j')))).toEqual(joins)
})

test('when all nodes lost their data together, everybody who knew them waits', async () => {
  const { urls, seen } = await nodes(3)
  const store = await stage.opened(redlock(urls))
  await takeAndLeave(store, RESOURCE)
  await Promise.all(seen.map((each) => each.flushall()))
  await expect(store.enter(claim(RESOURCE))).rejects.toThrow(/quarantined/)
  // And who comes later does not take it for a first start.
  const later = await stage.opened(redlock(urls))
  await expect(later.enter(claim(RESOURCE))).rejects.toThrow(/quarantined/)
})

test('who opens the store while one node has no data does not take that for a first start', async () => {
  const { urls, seen } = await nodes(3)
  await takeAndLeave(await stage.opened(redlock(urls)), RESOURCE)
  await seen[0]?.flushall()
  const later = await stage.opened(redlock(urls))
  expect(later.facts.reasons.join(' ')).toContain('Without data, so quarantined for 67 s from their first vote')
  expect(await seen[0]?.exists(keys.marker)).toBe(0)
  await takeAndLeave(later, RESOURCE)
  await expect.poll(async () => Number(await seen[0]?.hget(keys.marker, 'j'))).toBeGreaterThan(Date.now() * 1000)
})

test('a first start grants at once; with bootstrap delay it waits like after a loss', async () => {
  const { urls, seen } = await nodes(3)
  const delayed = await stage.opened(redlock(urls, { bootstrap: 'delay', maxTtl: 1_000 }))
  await expect(delayed.enter(claim(RESOURCE, { ttlMs: 1_000 }))).rejects.toThrow(/quarantined for 8 s/)
  await Promise.all(seen.map((each) => each.flushall()))
  const auto = await stage.opened(redlock(urls))
  expect(auto.facts.reasons.join(' ')).toContain('first start')
  await takeAndLeave(auto, RESOURCE)
})

test('many clients that open servers for the first time in one moment all find a first start', async () => {
  const { urls } = await nodes(3)
  const stores = await Promise.all(Array.from({ length: 6 }, () => stage.opened(redlock(urls))))
  await Promise.all(
    stores.map(async (store) => {
      const mine = claim(RESOURCE)
      const { token } = await turnOf(store, mine)
      await store.leave({ resource: RESOURCE, id: mine.id, token })
    }),
  )
})

test('a renewal plants nothing on a node that has forgotten, and without a majority the lease is gone', async () => {
  const { urls, seen } = await nodes(5)
  const store = await stage.opened(redlock(urls))
  const mine = claim(RESOURCE)
  const ref = { resource: RESOURCE, id: mine.id, token: held(await store.enter(mine)).token }
  const owners = async (): Promise<number> =>
    (await Promise.all(seen.map((each) => each.hget(RECORD, 'o')))).filter((owner) => owner?.startsWith(mine.id)).length
  await expect.poll(owners).toBe(5)
  for (const node of seen.slice(0, 2)) await node.hset(RECORD, { o: '', x: 0 })
  expect(await store.renew([{ ref, ttlMs: 10_000 }])).toMatchObject([{ kind: 'held' }])
  expect(await owners()).toBe(3)
  await seen[2]?.hset(RECORD, { o: '', x: 0 })
  expect(await store.renew([{ ref, ttlMs: 10_000 }])).toEqual([{ kind: 'gone' }])
  expect(await owners()).toBe(2)
})

test('a client whose clock runs wild cannot take the tokens of a node with it', async () => {
  const { urls, seen } = await nodes(3)
  const store = await stage.opened(redlock(urls))
  await takeAndLeave(store, RESOURCE)
  const wildUs = String((Date.now() + 3_600_000) * 1000)
  const list = (await seen[0]?.hget(keys.marker, 'l')) ?? ''
  const vote = `${'c'.repeat(32)}.wild-1`
  const words = [vote, wildUs, '500000', '0', '0', wildUs, 'nobody', '', '', '60000', '0', '0', list, list, '1']
  const [node] = seen
  const answer = (await node?.evalsha(scripts.accept.sha, 5, ...keys.all(RESOURCE), keys.marker, ...words)) as string[]
  expect(answer[0]).toBe('kept')
  expect(Number(answer[2])).toBeLessThan((Date.now() + 6_000) * 1000)
  const raised = (await node?.evalsha(scripts.raise.sha, 2, RECORD, keys.marker, vote, wildUs)) as string[]
  expect(raised[0]).toBe('behind')
  expect(await node?.hmget(RECORD, 'o', 't')).toEqual([vote, answer[2]])
})

test('a node whose token was taken far ahead is passed over, and the others go on', async () => {
  const { urls, seen } = await nodes(3)
  const store = await stage.opened(redlock(urls))
  await takeAndLeave(store, RESOURCE)
  await seen[0]?.hset(RECORD, 't', String((Date.now() + 3_600_000) * 1000))
  const token = await takeAndLeave(store, RESOURCE)
  expect(Number(token)).toBeLessThan((Date.now() + 6_000) * 1000)
  await seen[1]?.hset(RECORD, 't', String((Date.now() + 3_600_000) * 1000))
  await expect(store.enter(claim(RESOURCE))).rejects.toThrow(/ahead of the others/)
})

test('a node that forgot its scripts gets them again', async () => {
  const { urls, seen } = await nodes(3)
  const store = await stage.opened(redlock(urls))
  const before = await takeAndLeave(store, RESOURCE)
  await Promise.all(seen.map((each) => each.script('FLUSH')))
  const mine = claim(RESOURCE)
  expect((await turnOf(store, mine)).token).toBeGreaterThan(before)
})
