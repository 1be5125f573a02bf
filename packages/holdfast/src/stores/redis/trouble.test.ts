/**
 * What goes wrong with a server: it forgets, freezes, restarts, fills up, is replaced; and with the processes around it.
 * @module-tag real-time
 */
import { once } from 'node:events'
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { openProxy } from '@holdfast/testbed/proxy/proxy'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { OpenStore } from '../../store/store.ts'
import type { Queued } from '../../store/standing.ts'
import { never } from '../opened.fixture.ts'
import { redis, type RedisClient } from './index.ts'
import { claim, held, Stage, takeAndLeave } from './redis.fixture.ts'

const RESOURCE = 'n!lock'
let stage: Stage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new Stage()
})
afterEach(() => stage[Symbol.asyncDispose]())

async function asked(
  store: OpenStore,
  changes = {},
): Promise<{ ref: { resource: string; id: string }; standing: Queued }> {
  const mine = claim(RESOURCE, changes)
  const standing = await store.enter(mine)
  if (standing.kind !== 'queued') throw new Error(`${standing.kind} instead of queued`)
  return { ref: { resource: RESOURCE, id: mine.id }, standing }
}

async function process(engine: Engine, ttlMs: number): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(globalThis.process.execPath, [
    fileURLToPath(new URL('child.fixture.ts', import.meta.url)),
    engine.url,
    RESOURCE,
    String(ttlMs),
  ])
  stage.ending(() => void child.kill('SIGKILL'))
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, said: String(said) }
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit')
  child.kill('SIGKILL')
  await exit
}

/** As core does when it is told nothing more than that there is news. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask()
    } catch (error) {
      if (
        tries > 50 ||
        !(error instanceof OutcomeUnknown || error instanceof NotApplied || error instanceof StoreUnavailable)
      )
        throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

test('tokens rise over FLUSHALL, a forgotten script, a restart without data and a stale replica', async () => {
  const engine = await stage.server()
  const client = stage.client(engine)
  const store = await stage.opened(redis(client))
  let last = await takeAndLeave(store, RESOURCE)
  const rises = async (what: string, by: OpenStore = store): Promise<void> => {
    const token = await again(() => takeAndLeave(by, RESOURCE))
    expect(token, what).toBeGreaterThan(last)
    last = token
  }
  await client.flushall()
  await rises('FLUSHALL')
  await client.script('FLUSH')
  await rises('SCRIPT FLUSH')
  await engine.kill()
  await engine.restart()
  await rises('a restart without data')

  const replica = await stage.server({ replicaOf: engine })
  const replicaClient = stage.client(replica)
  await expect.poll(() => replicaClient.get('holdfast:floor')).toBe(String(last))
  await replicaClient.replicaof('NO', 'ONE')
  for (let count = 0; count < 20; count += 1) await rises('a grant the replica misses')
  await engine.kill()
  expect(Number(await replicaClient.get('holdfast:floor'))).toBeLessThan(Number(last))
  await rises('promotion of a stale replica', await stage.opened(redis(replica.url)))
})

test('a claim that was held before all data was lost is gone, and does not come back', async () => {
  const engine = await stage.server()
  const client = stage.client(engine)
  const store = await stage.opened(redis(client))
  const mine = claim(RESOURCE)
  const { token } = held(await store.enter(mine))
  await client.flushall()
  const ref = { resource: RESOURCE, id: mine.id, token }
  expect(await store.renew([{ ref, ttlMs: 1_000 }])).toEqual([{ kind: 'gone' }])
  expect(await store.leave(ref)).toBe('gone')
})

test('a waiter whose process was killed is passed over in the same step', async () => {
  const engine = await stage.server()
  const store = await stage.opened(redis(engine.url))
  const first = claim(RESOURCE)
  const { token } = held(await store.enter(first))
  const dead = await process(engine, 60_000)
  expect(dead.said).toBe('queued')
  const living = await asked(store)
  expect(living.standing.ahead).toBe(1)
  await kill(dead.child)
  // The server learns of the death from the kernel.
  await expect.poll(async () => String(await stage.client(engine).pubsub('CHANNELS')).split(',').length).toBe(1)
  const turn = store.watch(living.ref, never)
  await store.leave({ resource: RESOURCE, id: first.id, token })
  const next = await store.enter(claim(RESOURCE, { id: living.ref.id }))
  expect(held(next).token).toBeGreaterThan(token)
  expect((await turn).kind).toBe('held')
})

test('a holder whose process was killed is followed when its lease ends', async () => {
  const engine = await stage.server()
  const store = await stage.opened(redis(engine.url))
  const dead = await process(engine, 600)
  expect(dead.said).toBe('held')
  const { ref, standing } = await asked(store)
  await kill(dead.child)
  expect(standing.recheckInMs).toBeLessThanOrEqual(600)
  await new Promise((resolve) => setTimeout(resolve, (standing.recheckInMs ?? 0) + 1))
  held(await store.enter(claim(RESOURCE, { id: ref.id })))
})

test(
  'a frozen server is given up after our own deadline, and grants nothing when it goes on',
  { timeout: 30_000 },
  async () => {
    const engine = await stage.server()
    const store = await stage.opened(redis(stage.client(engine)))
    const direct = stage.client(engine)
    const entered = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await direct.info('commandstats'))?.[1] ?? 0)
    const before = await entered()
    const mine = claim(RESOURCE, { ttlMs: 60_000 })
    await engine.pause()
    const startedMs = performance.now()
    await expect(store.enter(mine)).rejects.toThrow(OutcomeUnknown)
    expect(performance.now() - startedMs).toBeLessThan(7_000)
    await engine.resume()
    await expect.poll(entered).toBe(before + 1)
    expect((await store.look(RESOURCE)).claims).toEqual([])
    expect(await store.leave({ resource: RESOURCE, id: mine.id })).toBe('gone')
  },
)

test('a script that ioredis sends twice, because its answer was lost, makes one claim', async () => {
  const engine = await stage.server()
  const proxy = await openProxy(engine)
  stage.ending(() => proxy.close())
  const client = stage.client({ url: proxy.through(engine.url) })
  const store = await stage.opened(redis(client))
  const direct = stage.client(engine)
  const calls = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await direct.info('commandstats'))?.[1] ?? 0)
  /** Carried out, and asked again because the answer vanished with its connection. */
  const unanswered = async <T>(ask: () => Promise<T>): Promise<T> => {
    const { lostBytes } = proxy.stats.replies
    proxy.set({ kind: 'lose-replies' })
    const answer = ask()
    await expect.poll(() => proxy.stats.replies.lostBytes).toBeGreaterThan(lostBytes)
    proxy.set({ kind: 'pass' })
    return answer
  }

  for (const changes of [{}, { weight: 0 }]) {
    const mine = claim(RESOURCE, { ...changes, ttlMs: 60_000 })
    // The server is asked what it is after each reconnect; here that is done before.
    await takeAndLeave(store, 'n!other')
    const before = await calls()
    const { token } = held(await unanswered(() => store.enter(mine)))
    expect(await calls()).toBe(before + 2)
    expect((await store.look(RESOURCE)).claims).toMatchObject([{ token, state: 'held' }])

    expect(await unanswered(() => store.leave({ resource: RESOURCE, id: mine.id, token }))).toBe('gone')
  }
})

const drivers: readonly (readonly [string, (url: string) => Promise<RedisClient>])[] = [
  ['ioredis', async (url) => stage.client({ url })],
  ['node-redis', (url) => stage.nodeRedis({ url })],
]

test.each(drivers)(
  '%s: what was told while nobody could hear is found when the connection is back',
  async (_, connect) => {
    const engine = await stage.server()
    const proxy = await openProxy(engine)
    stage.ending(() => proxy.close())
    const store = await stage.opened(redis(await connect(proxy.through(engine.url))))
    const other = await stage.opened(redis(engine.url))
    const first = claim(RESOURCE)
    const { token } = held(await other.enter(first))
    const { ref } = await asked(store)
    const { version } = await store.look(RESOURCE)
    const told = store.watch(ref, never)
    const seen = store.observe(RESOURCE, version, never)
    const direct = stage.client(engine)
    await expect.poll(() => direct.hexists(`holdfast:{${RESOURCE}}`, 'b')).toBe(1)
    // The answer to that has come when a later one has.
    await store.look(RESOURCE)
    proxy.set({ kind: 'hold' })
    await other.leave({ resource: RESOURCE, id: first.id, token })
    proxy.resetConnections()
    proxy.set({ kind: 'pass' })
    expect((await told).kind).toBe('hint')
    await seen
    held(await again(() => store.enter(claim(RESOURCE, { id: ref.id }))))
  },
)

test('on a full server what is held can be renewed and given back, and nothing new is granted', async () => {
  const engine = await stage.server()
  const client = stage.client(engine)
  const store = await stage.opened(redis(client))
  const first = claim(RESOURCE)
  const { token } = held(await store.enter(first))
  const { ref } = await asked(store)
  await client.config('SET', 'maxmemory', '1mb')
  const turn = store.watch(ref, never)
  await expect(store.enter(claim('n!other'))).rejects.toThrow(/is full/)
  expect(await store.renew([{ ref: { ...first, token }, ttlMs: 5_000 }])).toMatchObject([
    { kind: 'held', lifeMs: 5_000 },
  ])
  expect(await store.leave({ resource: RESOURCE, id: first.id, token })).toBe('left')
  expect((await turn).kind).toBe('held')
})

test('an opening that fails says why, without the password, and leaves no connection', async () => {
  const engine = await stage.server({ password: 'hunter2' })
  const wrong = redis(engine.url.replace('hunter2', 'hunter3'))
  await expect(stage.facts(wrong)).rejects.toThrow(/password/)
  await expect(stage.facts(wrong)).rejects.toThrow(expect.not.stringContaining('hunter'))
  const away = redis('redis://127.0.0.1:1')
  await expect(stage.facts(away)).rejects.toThrow(/cannot be reached \(ECONNREFUSED\)/)
  const replica = await stage.server({ replicaOf: await stage.server() })
  await expect(stage.facts(redis(replica.url))).rejects.toThrow(/is a replica/)
  await expect
    .poll(async () => String(await stage.client(replica).client('LIST')).match(/ addr=/g)?.length)
    .toBeLessThan(4)
})

test('the class says what the server really does', async () => {
  const bare = await stage.facts(redis((await stage.server()).url))
  expect(bare.safetyClass).toBe('best-effort')
  expect(bare.reasons.join(' ')).toContain('a restart forgets locks')
  const flushed = await stage.server({ aof: 'always' })
  for (const [, connect] of drivers) {
    expect((await stage.facts(redis(await connect(flushed.url)))).safetyClass).toBe('durable')
  }
  await stage.server({ replicaOf: flushed })
  const followed = await stage.facts(redis(flushed.url))
  expect(followed.safetyClass).toBe('best-effort')
  expect(followed.reasons.join(' ')).toContain('1 replicas')
  const evicting = await stage.server({
    aof: 'always',
    maxmemory: '50mb',
    config: { 'maxmemory-policy': 'allkeys-lru' },
  })
  expect((await stage.facts(redis(evicting.url))).lockRisks.join(' ')).toContain('eviction')
  const silent = await stage.server({ aof: 'always', config: { 'rename-command': 'CONFIG ""' } })
  const untold = await stage.facts(redis(silent.url))
  expect(untold.safetyClass).toBe('best-effort')
  expect(untold.reasons.join(' ')).toContain('CONFIG GET is refused')
})
