/** Keys of another program under the names of locks: the others are listed, the bad one is named, and so is its key. */
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { holdfast } from '../../holdfast.ts'
import type { Locks } from '../../recipes/locks.ts'
import { redlock } from '../redlock/index.ts'
import { redis } from './index.ts'
import { Stage } from './redis.fixture.ts'

let stage: Stage

beforeEach(async (context) => {
  await requireEngine(context, server)
  stage = new Stage()
})
afterEach(() => stage[Symbol.asyncDispose]())

async function allNames(locks: Locks): Promise<readonly string[]> {
  const names: string[] = []
  for (let cursor: string | undefined; ;) {
    const page = await locks.list({ limit: 7, ...(cursor === undefined ? {} : { cursor }) })
    names.push(...page.names)
    if ((cursor = page.cursor) === undefined) return names.toSorted()
  }
}

describe.each([
  { store: 'redis', servers: 1, prefix: 'holdfast', over: (urls: readonly string[]) => redis(urls[0] ?? '') },
  { store: 'redlock', servers: 3, prefix: 'holdfast:redlock', over: (urls: readonly string[]) => redlock(urls) },
])('on $store', ({ servers, prefix, over }) => {
  async function withForeign(write: (client: Redis) => Promise<unknown>): Promise<Locks> {
    const engines = await Promise.all(Array.from({ length: servers }, () => stage.server()))
    await Promise.all(engines.map(async (engine) => write(stage.client(engine))))
    const locks = holdfast(over(engines.map(({ url }) => url)))
    stage.ending(() => locks.close())
    return locks
  }

  test.each([
    ['a string', (client: Redis, key: string) => client.set(key, 'a cache entry')],
    ['a list', (client: Redis, key: string) => client.lpush(key, 'x')],
    ['a set', (client: Redis, key: string) => client.sadd(key, 'x')],
  ])('%s under the name of one lock is named, and hides no other', async (_, write) => {
    const key = `${prefix}:{default!foreign}`
    const locks = await withForeign((client) => write(client, key))
    const names = Array.from({ length: 20 }, (__, index) => `lock-${index}`)
    const leases = await Promise.all(names.map((name) => locks.acquire(name)))
    expect(await allNames(locks)).toEqual(['foreign', ...names].toSorted())
    const looking = locks.inspect('foreign')
    await expect(looking).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    await expect(looking).rejects.toThrow(key)
    const asking = locks.acquire('foreign', { wait: '30s' })
    await expect(asking).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    await expect(asking).rejects.toThrow(/another program.*WRONGTYPE/)
    await Promise.all(leases.map((lease) => lease.release()))
  })

  test('a hash in which nothing can be read, as of another version, is told at once and left as it is', async () => {
    const key = `${prefix}:{default!foreign}`
    const fields = { a: 'h|1|2', x: 'soon', o: 'x|y', s: 'zzz' }
    const locks = await withForeign((client) => client.hset(key, fields))
    const lease = await locks.acquire('mine')
    const asking = locks.acquire('foreign', { wait: '30s' })
    await expect(asking).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
    await expect(asking).rejects.toThrow(/another program/)
    await lease.release()
  })

  test('keys that only begin as those of locks do are no names', async () => {
    const ends = ['default!%zz', 'default!a b', 'default!x}y', 'default!', 'default!a!b']
    const locks = await withForeign((client) => Promise.all(ends.map((end) => client.set(`${prefix}:{${end}}`, 'x'))))
    const lease = await locks.acquire('mine')
    expect(await allNames(locks)).toEqual(['mine'])
    await lease.release()
  })
})
