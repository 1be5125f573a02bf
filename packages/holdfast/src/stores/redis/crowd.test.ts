/**
 * More claims in one line than one script ends or grants, and as many as may wait at all.
 * @module-tag real-time
 */
import { afterAll, beforeEach, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { patient } from '@holdfast/testbed/watchdog/pace'
import type { Claim } from '../../store/claim.ts'
import { QUEUE_LENGTH_MAX } from '../../store/limits.ts'
import type { OpenStore } from '../../store/store.ts'
import { never } from '../opened.fixture.ts'
import { redis } from './index.ts'
import { again, claim, held, Stage } from './redis.fixture.ts'
import { TimedServer } from './timed-server.fixture.ts'

/** More than `limits.sweep` of the scripts. */
const CROWD = 70
/** More than `limits.dead`. */
const DEAD_CROWD = 1_070

const stage = new Stage()
let engine: Engine
let store: OpenStore
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  engine ??= await stage.server()
  store = await stage.opened(redis(engine.url))
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!crowd${(names += 1)}`

/** Waiters of a client that goes away without a word, when the server has noticed. */
async function deadWaiters(resource: string, count: number): Promise<void> {
  const seen = stage.client(engine)
  const channels = async (): Promise<number> => ((await seen.pubsub('CHANNELS', 'holdfast:c:*')) as string[]).length
  const before = await channels()
  const dying = await stage.opened(redis(engine.url))
  const waiters = Array.from({ length: count }, () => dying.enter(claim(resource, { ttlMs: 60_000 })))
  expect((await Promise.all(waiters)).every(({ kind }) => kind === 'queued')).toBe(true)
  await dying.close()
  await expect.poll(channels).toBe(before)
}

async function taken(resource: string): Promise<{ ref: Claim & { readonly token: bigint } }> {
  const mine = claim(resource, { ttlMs: 60_000 })
  return { ref: { ...mine, token: held(await store.enter(mine)).token } }
}

test('what is over is over, also when there is more of it than one script ends', async () => {
  // By a clock that the test sets: they end one after another, and no script before the last ends any of them.
  const timed = await TimedServer.start(stage, { isNeverLate: true })
  const beginUs = BigInt(Date.now()) * 1000n
  const resource = fresh()
  const refs = []
  for (let nth = 0; nth < CROWD; nth += 1) {
    await timed.set(beginUs + BigInt(nth) * 1_000n)
    const member = claim(resource, { weight: 0, ttlMs: 100 })
    refs.push({ ...member, token: held(await timed.store.enter(member)).token })
  }
  await timed.set(beginUs + 1_000_000n)
  const last = refs.slice(-1)
  expect(await timed.store.renew(last.map((ref) => ({ ref, ttlMs: 10_000 })))).toEqual([{ kind: 'gone' }])
  expect((await timed.store.look(resource)).claims).toEqual([])
})

test('a newcomer does not overtake the living when more waiters died than one script passes over', async () => {
  const resource = fresh()
  const { ref } = await taken(resource)
  await deadWaiters(resource, DEAD_CROWD)
  const living = claim(resource, { ttlMs: 60_000 })
  expect(await store.enter(living)).toMatchObject({ kind: 'queued', ahead: DEAD_CROWD })
  await store.leave(ref)
  expect((await store.enter(claim(resource))).kind).toBe('queued')
  expect((await store.enter(living)).kind).toBe('held')
})

test('a process that died with many waiters does not leave the lock idle: the release tells the living one', async () => {
  const resource = fresh()
  const { ref } = await taken(resource)
  await deadWaiters(resource, CROWD * 5)
  const living = claim(resource, { ttlMs: 60_000 })
  expect((await store.enter(living)).kind).toBe('queued')
  const told = store.watch(living, never)
  await store.leave(ref)
  expect((await told).kind).toBe('held')
})

test('what is over keeps nobody out who asks for all of it at once and does not wait', async () => {
  const resource = fresh()
  const permits = Array.from({ length: CROWD * 3 }, () => claim(resource, { capacity: CROWD * 3, ttlMs: 100 }))
  await Promise.all(permits.map((each) => store.enter(each)))
  await new Promise((resolve) => setTimeout(resolve, 110))
  const all = claim(resource, { capacity: CROWD * 3, weight: CROWD * 3, queue: false })
  await expect(store.enter(all)).rejects.toMatchObject({ code: 'NOT_APPLIED' })
  expect((await again(() => store.enter(all))).kind).toBe('held')
})

test(
  'a dead waiter that would be the next is passed over, and the one behind it is told',
  { timeout: patient(5_000) },
  async () => {
    const resource = fresh()
    await taken(resource)
    const next = claim(resource)
    await store.enter(next)
    await deadWaiters(resource, 1)
    const living = claim(resource)
    expect(await store.enter(living)).toMatchObject({ kind: 'queued', ahead: 2 })
    const told = store.watch({ resource, id: living.id }, never)
    expect(await store.leave({ resource, id: next.id })).toBe('left')
    expect(await told).toMatchObject({ kind: 'queued', ahead: 0 })
  },
)

test('as many wait as may wait, and one more is refused', { timeout: 60_000 }, async () => {
  const resource = fresh()
  await taken(resource)
  const waiters = await Promise.all(Array.from({ length: QUEUE_LENGTH_MAX }, () => store.enter(claim(resource))))
  expect(waiters.every(({ kind }) => kind === 'queued')).toBe(true)
  expect(await store.enter(claim(resource))).toMatchObject({ kind: 'refused', because: 'full' })
})
