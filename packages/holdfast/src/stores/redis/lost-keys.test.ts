/** A server that evicted a part of a lock, or of which a program deleted one: what can be made again is, and nothing is guessed. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { NotApplied } from '../../store/errors.ts'
import type { Queued } from '../../store/standing.ts'
import type { OpenStore } from '../../store/store.ts'
import { redis } from './index.ts'
import { claim, held, Stage, takeAndLeave } from './redis.fixture.ts'

const RESOURCE = 'n!lock'
let stage: Stage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new Stage()
})
afterEach(() => stage[Symbol.asyncDispose]())

async function asked(store: OpenStore): Promise<{ ref: { resource: string; id: string }; standing: Queued }> {
  const mine = claim(RESOURCE)
  const standing = await store.enter(mine)
  if (standing.kind !== 'queued') throw new Error(`${standing.kind} instead of queued`)
  return { ref: { resource: RESOURCE, id: mine.id }, standing }
}

test('a line that lost its index to eviction keeps its holder, its waiters and their order', async () => {
  const engine = await stage.server()
  const client = stage.client(engine)
  const store = await stage.opened(redis(client))
  const lose = (): Promise<number> => client.del(`holdfast:{${RESOURCE}}:index`)
  const first = claim(RESOURCE)
  const { token } = held(await store.enter(first))
  const [second, third] = [await asked(store), await asked(store)]
  await lose()
  expect(await asked(store)).toMatchObject({ standing: { ahead: 2 } })
  await lose()
  expect(await store.enter(claim(RESOURCE, { id: third.ref.id }))).toMatchObject({ kind: 'queued', ahead: 1 })
  await lose()
  expect(await store.renew([{ ref: { ...first, token }, ttlMs: 5_000 }])).toMatchObject([{ kind: 'held', token }])
  await lose()
  expect(await store.leave({ ...first, token })).toBe('left')
  const next = held(await store.enter(claim(RESOURCE, { id: second.ref.id })))
  expect(next.token).toBeGreaterThan(token)
  expect(await store.enter(claim(RESOURCE, { id: third.ref.id }))).toMatchObject({ kind: 'queued', ahead: 0 })
})

test('a line of holders that lost its index ends them when their leases end', async () => {
  const engine = await stage.server()
  const store = await stage.opened(redis(stage.client(engine)))
  const permit = (changes = {}): ReturnType<typeof claim> => claim(RESOURCE, { capacity: 2, ttlMs: 300, ...changes })
  await store.enter(permit())
  await store.enter(permit())
  await stage.client(engine).del(`holdfast:{${RESOURCE}}:index`)
  expect(await store.enter(permit({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
  await expect.poll(async () => (await store.enter(permit({ queue: false }))).kind).toBe('held')
})

test('a line that lost its record refuses until every claim has ended, and is free again then', async () => {
  const engine = await stage.server()
  const client = stage.client(engine)
  const store = await stage.opened(redis(client))
  const first = claim(RESOURCE)
  const ref = { ...first, token: held(await store.enter(first)).token }
  const { ref: second } = await asked(store)
  const [line, index] = [`holdfast:{${RESOURCE}}`, `holdfast:{${RESOURCE}}:index`]
  await client.del(line)
  const refused = async (): Promise<void> =>
    expect(store.enter(claim(RESOURCE))).rejects.toThrow(/evicted a part of this lock's record.*refused for \d+ s/)
  await refused()
  await expect(store.enter(claim(RESOURCE))).rejects.toBeInstanceOf(NotApplied)
  // Neither the claims that stood in it nor an observer make it look free.
  expect(
    await store.renew([
      { ref, ttlMs: 5_000 },
      { ref: second, ttlMs: 5_000 },
    ]),
  ).toEqual([{ kind: 'gone' }, { kind: 'gone' }])
  const observing = new AbortController()
  const watching = store.observe(RESOURCE, '0', observing.signal)
  expect(await store.leave(ref, { outcomeUnknown: true })).toBe('gone')
  expect(await store.evict(RESOURCE, ref.token, 'enough')).toBe('gone')
  await refused()
  expect(await client.pttl(index)).toBeGreaterThan(10_000)
  await client.pexpire(index, 1)
  await expect.poll(() => client.exists(index)).toBe(0)
  expect(await takeAndLeave(store, RESOURCE)).toBeGreaterThan(ref.token)
  observing.abort()
  await watching
})

test('an index without a record and without an expiry gets one', async () => {
  const client = stage.client(await stage.server())
  const store = await stage.opened(redis(client))
  await client.zadd(`holdfast:{${RESOURCE}}:index`, 1, 'e:someone')
  await expect(store.enter(claim(RESOURCE))).rejects.toThrow(/refused for 90000 s/)
  expect(await client.pttl(`holdfast:{${RESOURCE}}:index`)).toBeGreaterThan(0)
})
