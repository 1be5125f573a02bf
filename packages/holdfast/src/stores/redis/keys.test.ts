/** Which keys a lock has, and for how long. */
import { afterAll, beforeEach, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { redis } from './index.ts'
import { claim, held, Stage, takeAndLeave } from './redis.fixture.ts'

const stage = new Stage()
let seen: ReturnType<Stage['client']>
let names = 0

beforeEach(async (context) => {
  await requireEngine(context, server)
  seen ??= stage.client(await stage.server())
})
afterAll(() => stage[Symbol.asyncDispose]())

const fresh = (): string => `n!keys${(names += 1)}`

test('a lock that nobody uses has no keys, whatever happened in it', async () => {
  const store = await stage.opened(redis(seen, { prefix: 'idle' }))
  const resource = fresh()
  const [line, index] = [`idle:{${resource}}`, `idle:{${resource}}:index`]
  const keys = async (): Promise<string[]> => (await seen.keys('idle:*')).toSorted()
  const enterAll = async (changes = {}): Promise<ReturnType<typeof claim>[]> => {
    const claims = [claim(resource, changes), claim(resource, changes), claim(resource, changes)]
    for (const each of claims) await store.enter(each)
    return claims
  }
  for (const changes of [{}, { weight: 1, capacity: 3 }, { lockDelayMs: 5_000 }]) {
    const claims = await enterAll(changes)
    expect(await keys()).toEqual(['idle:floor', line, index])
    for (const { id } of claims) await store.leave({ resource, id })
    expect(await keys()).toEqual(['idle:floor'])
  }
  await takeAndLeave(store, resource)
  expect(await keys()).toEqual(['idle:floor'])
})

test('what a process left behind that died vanishes a minute after its last claim', async () => {
  const store = await stage.opened(redis(seen, { prefix: 'dead' }))
  const [alone, several] = [fresh(), fresh()]
  await store.enter(claim(alone))
  await store.enter(claim(several))
  await store.enter(claim(several))
  for (const key of [`dead:{${alone}}`, `dead:{${several}}`, `dead:{${several}}:index`]) {
    const leftMs = await seen.pttl(key)
    expect(leftMs, key).toBeGreaterThan(60_000)
    expect(leftMs, key).toBeLessThanOrEqual(70_000)
  }
})

test('keys outlive the longest claim', async () => {
  const store = await stage.opened(redis(seen, { prefix: 'long' }))
  const leftMs = async (resource: string, end = ''): Promise<number> => seen.pttl(`long:{${resource}}${end}`)
  const [delayed, alone] = [claim(fresh(), { ttlMs: 86_400_000, lockDelayMs: 3_600_000 }), fresh()]
  await store.enter(delayed)
  expect(await leftMs(delayed.resource)).toBeGreaterThan(86_400_000 + 3_600_000)
  await store.enter(claim(alone, { ttlMs: 86_400_000 }))
  expect(await leftMs(alone)).toBeGreaterThan(86_400_000)
  // A claim that was short when it came, and one after which a short one comes.
  const grown = claim(fresh())
  const { token } = held(await store.enter(grown))
  await store.renew([{ ref: { ...grown, token }, ttlMs: 86_400_000 }])
  expect(await leftMs(grown.resource)).toBeGreaterThan(86_400_000)
  const shared = fresh()
  await store.enter(claim(shared, { capacity: 3 }))
  await store.enter(claim(shared, { capacity: 3, ttlMs: 86_400_000 }))
  await store.enter(claim(shared, { capacity: 3 }))
  for (const end of ['', ':index']) expect(await leftMs(shared, end), end).toBeGreaterThan(86_400_000)
  // Renewed the short way, half a minute before its end.
  const renewed = claim(fresh())
  const ref = { ...renewed, token: held(await store.enter(renewed)).token }
  await seen.pexpire(`long:{${renewed.resource}}`, 30_000)
  await store.renew([{ ref, ttlMs: 10_000 }])
  expect(await leftMs(renewed.resource)).toBeGreaterThan(60_000)
})
