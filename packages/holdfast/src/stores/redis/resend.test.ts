/**
 * Every script of the store, run twice: ioredis does so when an answer was lost with its connection, and no script may
 * mind. The second run leaves the line as the first one left it, and answers the same, or that it is over.
 * @module-tag real-time
 */
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { openProxy } from '@holdfast/testbed/proxy/proxy'
import type { OpenStore } from '../../store/store.ts'
import type { LineView } from '../../store/line-view.ts'
import { never } from '../opened.fixture.ts'
import { driverOf } from '../redis-driver/client.ts'
import type { RedisDriver } from '../redis-driver/driver.ts'
import { redis } from './index.ts'
import { again, claim, held, Stage } from './redis.fixture.ts'
import { scripts } from './scripts.ts'

const stage = new Stage()
let engine: Engine
let plain: OpenStore
let twice: OpenStore
/** The lines to compare, and how often each script was run twice. */
let watched: readonly string[] = []
const runs = new Map<string, number>()
let names = 0

/** Sends each script of ours again; what comes back is the second answer, as the caller of ioredis gets it. */
function sendingTwice(port: RedisDriver): RedisDriver {
  const nameOf = new Map(Object.values(scripts).map(({ sha, name }) => [sha, name]))
  return {
    listen: (hearer) => port.listen(hearer),
    async send(words) {
      const name = nameOf.get(words[1] ?? '')
      if (words[0] !== 'EVALSHA' || name === undefined) return port.send(words)
      runs.set(name, (runs.get(name) ?? 0) + 1)
      await port.send(words)
      const first = await Promise.all(watched.map(async (line) => compared(await plain.look(line))))
      const answer = await port.send(words)
      const second = await Promise.all(watched.map(async (line) => compared(await plain.look(line))))
      expect(second, name).toEqual(first)
      return answer
    },
  }
}

/** A repeated renewal prolongs a little more; everything else stays. */
function compared({ claims, lastToken, capacity }: LineView): unknown {
  const lasting = claims.map((each) => ({ ...each, endsInMs: undefined }))
  return { lastToken, capacity, claims: lasting }
}

beforeEach(async (context) => {
  await requireEngine(context, server)
  if (twice !== undefined) return
  engine = await stage.server()
  const port = driverOf(stage.client(engine))
  plain = await stage.opened(redis(port))
  twice = await stage.opened(redis(sendingTwice(port)))
})
afterAll(() => stage[Symbol.asyncDispose]())

function line(): string {
  const resource = `n!lock-${(names += 1)}`
  watched = [resource]
  return resource
}

test('entering: a free lock, a held one, the line behind it, and a full semaphore', async () => {
  const resource = line()
  const first = claim(resource, { note: 'mine' })
  const { token } = held(await twice.enter(first))
  expect(held(await twice.enter(first)).token).toBe(token)
  expect((await twice.enter(claim(resource, { queue: false }))).kind).toBe('refused')
  expect((await twice.enter(claim(resource, { capacity: 2 }))).kind).toBe('refused')
  const [second, third] = [claim(resource), claim(resource)]
  expect(await twice.enter(second)).toMatchObject({ kind: 'queued', ahead: 0 })
  expect(await twice.enter(third)).toMatchObject({ kind: 'queued', ahead: 1 })
  expect(await twice.enter(second)).toMatchObject({ kind: 'queued', ahead: 0 })
  const permits = line()
  const tokens = []
  for (let count = 0; count < 3; count += 1)
    tokens.push(held(await twice.enter(claim(permits, { capacity: 3, ttlMs: 60_000 }))).token)
  expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)))
  expect(await twice.enter(claim(permits, { capacity: 3 }))).toMatchObject({ kind: 'queued', ahead: 0 })
})

test('several that travel in one command', async () => {
  const lines = Array.from({ length: 8 }, () => line())
  watched = lines
  const claims = lines.map((resource) => claim(resource))
  const standings = await Promise.all(claims.map((each) => twice.enter(each)))
  const refs = claims.map((each, index) => ({ ...each, token: held(standings[index] ?? { kind: 'gone' }).token }))
  const left = await Promise.all(refs.map((ref) => twice.leave(ref)))
  // The first run gave them back, and the second one found nothing any more.
  expect(new Set(left)).toEqual(new Set(['gone']))
})

test('leaving: the next one gets the lock once, and the one after it waits on', async () => {
  for (const options of [{}, { keepMs: 50 }]) {
    const resource = line()
    const claims = [claim(resource), claim(resource), claim(resource)]
    for (const each of claims) await plain.enter(each)
    for (const each of claims) {
      await expect.poll(async () => held(await plain.enter(each)).token > 0n).toBe(true)
      expect(await twice.leave(each, options)).toBe('gone')
    }
    await expect.poll(async () => (await plain.look(resource)).claims.length).toBe(0)
    expect(await twice.leave(claim(resource))).toBe('gone')
  }
})

test('renewing: holders, waiters, a note, and what is gone', async () => {
  const resource = line()
  const [holder, waiter] = [claim(resource), claim(resource)]
  const { token } = held(await plain.enter(holder))
  await plain.enter(waiter)
  const answers = await twice.renew([
    { ref: { resource, id: holder.id, token }, ttlMs: 20_000, note: 'news' },
    { ref: { resource, id: waiter.id }, ttlMs: 20_000 },
    { ref: { resource, id: holder.id, token: token + 1n }, ttlMs: 20_000 },
    { ref: claim(resource), ttlMs: 20_000 },
  ])
  expect(answers).toMatchObject([{ kind: 'held', token }, { kind: 'queued' }, { kind: 'gone' }, { kind: 'gone' }])
  expect((await plain.look(resource)).claims[0]).toMatchObject({ note: 'news', token })
})

test('a renewal that comes again after the lock went to another does not take it back', async () => {
  const resource = line()
  const [holder, waiter] = [claim(resource), claim(resource)]
  const ref = { resource, id: holder.id, token: held(await plain.enter(holder)).token }
  await plain.enter(waiter)
  await plain.leave(ref)
  const { token } = held(await plain.enter(waiter))
  expect(await twice.renew([{ ref, ttlMs: 20_000 }])).toEqual([{ kind: 'gone' }])
  expect(await twice.leave(ref)).toBe('gone')
  expect((await plain.look(resource)).claims).toMatchObject([{ state: 'held', token }])
})

test('evicting: the successor is not evicted with the same command', async () => {
  for (const lockDelayMs of [0, 1_000]) {
    const resource = line()
    const [holder, waiter] = [claim(resource, { lockDelayMs }), claim(resource)]
    const { token } = held(await plain.enter(holder))
    await plain.enter(waiter)
    expect(await twice.evict(resource, token, 'enough')).toBe('gone')
    const { claims } = await plain.look(resource)
    expect(claims.filter(({ state }) => state === 'held')).toHaveLength(lockDelayMs === 0 ? 1 : 0)
  }
})

test('looking, observing and listing, and every script was among them', async () => {
  const resource = line()
  const { token } = held(await plain.enter(claim(resource)))
  const seen = await twice.look(resource)
  expect(seen.claims).toMatchObject([{ token }])
  expect((await twice.list(resource, undefined, 10)).resources).toEqual([resource])
  const observing = twice.observe(resource, seen.version, never)
  await expect.poll(() => runs.get('observe')).toBe(1)
  await plain.enter(claim(resource))
  expect(await observing).not.toBe(seen.version)
  const { highest } = (await twice.rebase?.()) ?? { highest: 0n }
  expect(highest).toBeGreaterThanOrEqual(token)
  expect(await twice.rebase?.(highest + 5n)).toEqual({ highest: highest + 5n })
  expect([...runs.keys()].toSorted()).toEqual(
    Object.values(scripts)
      .map(({ name }) => name)
      .toSorted(),
  )
})

test('a claim that entered, and was refused when the driver asked again, is not said to have done nothing', async () => {
  const proxy = await openProxy(engine)
  stage.ending(() => proxy.close())
  const url = proxy.through(engine.url)
  const direct = stage.client(engine)
  for (const [client, code] of [
    [stage.client({ url }), 'OUTCOME_UNKNOWN'],
    [url, 'OUTCOME_UNKNOWN'],
  ] as const) {
    const store = await stage.opened(redis(client))
    const mine = claim(`n!refused-${code}-${typeof client}`)
    const before = proxy.stats.replies.lostBytes
    proxy.set({ kind: 'lose-replies' })
    const answer = store.enter(mine).then(
      ({ kind }) => kind,
      ({ code: said }) => said,
    )
    await expect.poll(() => proxy.stats.replies.lostBytes).toBeGreaterThan(before)
    await direct.config('SET', 'min-replicas-to-write', '1')
    proxy.set({ kind: 'pass' })
    expect(await answer).toBe(code)
    await direct.config('SET', 'min-replicas-to-write', '0')
    expect((await again(() => plain.look(mine.resource))).claims).toMatchObject([{ state: 'held' }])
    await again(() => store.leave(mine))
  }
})

test('the id of a claim whose request may have been sent twice is remembered when it leaves', async () => {
  const proxy = await openProxy(engine)
  stage.ending(() => proxy.close())
  const direct = stage.client(engine)
  const remembers = async (resource: string): Promise<boolean> =>
    (await direct.hexists(`holdfast:{${resource}}`, 'k')) === 1
  const client = stage.client({ url: proxy.through(engine.url) })
  const store = await stage.opened(redis(client))
  const before = claim(line())
  await store.leave({ ...before, token: held(await store.enter(before)).token })
  expect(await remembers(before.resource)).toBe(false)

  const mine = claim(line())
  const { lostBytes } = proxy.stats.replies
  proxy.set({ kind: 'lose-replies' })
  const entering = store.enter(mine)
  await expect.poll(() => proxy.stats.replies.lostBytes).toBeGreaterThan(lostBytes)
  proxy.set({ kind: 'pass' })
  await again(async () => store.leave({ ...mine, token: held(await entering).token }))
  expect(await remembers(mine.resource)).toBe(true)

  // Of a driver that does not say when connections end, every request may have been sent twice.
  const { send, listen } = driverOf(direct)
  const silent = await stage.opened(redis({ send, listen, resends: true }))
  const other = claim(line())
  await silent.leave({ ...other, token: held(await silent.enter(other)).token })
  expect(await remembers(other.resource)).toBe(true)
})

test('connections of our own send nothing twice', async () => {
  const proxy = await openProxy(engine)
  stage.ending(() => proxy.close())
  const direct = stage.client(engine)
  const calls = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await direct.info('commandstats'))?.[1] ?? 0)
  const store = await stage.opened(redis(proxy.through(engine.url)))
  const before = await calls()
  const mine = claim(line())
  const { lostBytes } = proxy.stats.replies
  proxy.set({ kind: 'lose-replies' })
  const entering = store.enter(mine)
  await expect.poll(() => proxy.stats.replies.lostBytes).toBeGreaterThan(lostBytes)
  proxy.set({ kind: 'pass' })
  await expect(entering).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  expect(await again(() => plain.look(mine.resource))).toMatchObject({ claims: [{ state: 'held' }] })
  expect(await calls()).toBe(before + 2)
  expect(await again(() => store.leave(mine, { outcomeUnknown: true }))).toBe('left')
})
