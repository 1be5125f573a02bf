/**
 * Votes, and other things, that would stay on a node when nobody there knows of them any more.
 * @module-tag real-time
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Redis } from 'ioredis'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { locate as locateClock, openSkewedClock } from '@holdfast/testbed/os/skewed-clock'
import type { Proxy } from '@holdfast/testbed/proxy/proxy'
import type { Ref } from '../../store/claim.ts'
import type { OpenStore } from '../../store/store.ts'
import { redlock } from './index.ts'
import { RedlockKeys } from './keys.ts'
import { claim, held, RedlockStage, takeAndLeave } from './redlock.fixture.ts'

const RESOURCE = 'n!lock'
const keys = new RedlockKeys('holdfast')
const RECORD = keys.record(RESOURCE)
let stage: RedlockStage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new RedlockStage()
})
afterEach(() => stage[Symbol.asyncDispose]())

interface Scene {
  readonly store: OpenStore
  readonly seen: readonly Redis[]
  readonly proxies: readonly Proxy[]
}

async function scene(servers: readonly Engine[]): Promise<Scene> {
  const { proxies, urls } = await stage.proxied(servers)
  return { store: await stage.opened(redlock(urls)), seen: servers.map((each) => stage.client(each)), proxies }
}

async function ownersOf(seen: readonly Redis[]): Promise<readonly string[]> {
  return Promise.all(seen.map(async (node) => (await node.hget(RECORD, 'o')) ?? ''))
}

/** Held by all three nodes; the vote of the last came after the grant, and stands above its token. */
async function withLateVote({ store, seen, proxies }: Scene): Promise<Required<Ref>> {
  const [, , last] = seen
  await takeAndLeave(store, RESOURCE)
  await expect.poll(() => ownersOf(seen)).toEqual(['', '', ''])
  await last?.hset(RECORD, 't', String((Date.now() + 3_000) * 1000))
  proxies[2]?.set({ kind: 'delay', delayMs: 150 })
  const mine = claim(RESOURCE, { ttlMs: 60_000 })
  const ref = { resource: RESOURCE, id: mine.id, token: held(await store.enter(mine)).token }
  await expect.poll(async () => (await ownersOf(seen)).filter((owner) => owner.startsWith(mine.id)).length).toBe(3)
  expect(BigInt((await last?.hget(RECORD, 't')) ?? 0)).toBeGreaterThan(ref.token)
  proxies[2]?.set({ kind: 'pass' })
  return ref
}

test('a vote that could not be raised, because the clock of its node is behind, is given back', async (context) => {
  await requireAbility(context, locateClock)
  using clock = await openSkewedClock()
  clock.set(-8_000)
  const servers = [await stage.server({ environment: clock.environment }), ...(await stage.servers(2))]
  const { store, seen, proxies } = await scene(servers)
  // Then it is one of the two that make a majority.
  proxies[2]?.set({ kind: 'cut' })
  const enter = (): Promise<unknown> => store.enter(claim(RESOURCE, { ttlMs: 60_000, queue: false }))
  await expect(enter()).rejects.toThrow(/has a clock that is more than 5 s behind the others/)
  await expect.poll(async () => (await ownersOf(seen)).slice(0, 2)).toEqual(['', ''])
})

test('a leave that is repeated takes back a vote that stands above the token of its grant', async () => {
  const all = await scene(await stage.servers(3))
  const ref = await withLateVote(all)
  for (const proxy of all.proxies) proxy.set({ kind: 'lose-requests' })
  await expect(all.store.leave(ref)).rejects.toThrow(/fewer than 2 of 3 nodes answered/)
  for (const proxy of all.proxies) proxy.set({ kind: 'pass' })
  await expect.poll(() => all.store.leave(ref).catch(() => 'unknown')).not.toBe('unknown')
  await expect
    .poll(async () => {
      await all.store.leave(ref).catch(() => 'unknown')
      return ownersOf(all.seen)
    })
    .toEqual(['', '', ''])
})

test('the leave of a lease that was lost takes back a vote that stands above its token', async () => {
  const all = await scene(await stage.servers(3))
  const ref = await withLateVote(all)
  for (const node of all.seen.slice(0, 2)) await node.hset(RECORD, { o: '', x: 0 })
  expect(await all.store.renew([{ ref, ttlMs: 60_000 }])).toEqual([{ kind: 'gone' }])
  expect(await all.store.leave(ref)).toBe('gone')
  await expect.poll(() => ownersOf(all.seen)).toEqual(['', '', ''])
})

test('an observer whom a node refuses to tell of changes listens there no more', async () => {
  const servers = await stage.servers(3)
  const { store, seen } = await scene(servers)
  const channels = async (): Promise<number> => {
    const lists = await Promise.all(seen.map((node) => node.pubsub('CHANNELS', 'holdfast:redlock:{*')))
    return Math.max(...lists.map((list) => (list as readonly unknown[]).length))
  }
  // Full: to remember an observer it would have to write.
  for (const node of seen) await node.config('SET', 'maxmemory', '1')
  for (let index = 0; index < 130; index += 1) {
    const resource = `n${index}!lock`
    const { version } = await store.look(resource)
    await store.observe(resource, version, AbortSignal.timeout(1)).catch(() => undefined)
  }
  // As many as are kept for whoever comes again.
  await expect.poll(channels).toBeLessThanOrEqual(100)
})
