/**
 * What a script of the guard does when a driver sends it again, because its answer was lost with the connection.
 * @module-tag real-time
 */
import { Redis } from 'ioredis'
import { createCluster } from 'redis'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startCluster } from '@holdfast/testbed/engines/redis/cluster'
import * as server from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { openProxy, type Proxy } from '@holdfast/testbed/proxy/proxy'
import { OutcomeUnknown, StaleToken } from '../../store/errors.ts'
import { fence, ledger } from './index.ts'

const LEASE = { namespace: 'shop', name: 'stock', mode: 'exclusive', token: 34n, assertHeld: () => undefined } as const
const endings: (() => unknown)[] = []

beforeEach(async (context) => {
  await requireEngine(context, server)
})
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

/** ioredis as people have it, behind a proxy that can lose an answer; and a look at the server from beside it. */
async function behindProxy(): Promise<{ client: Redis; direct: Redis; proxy: Proxy }> {
  const engine = await server.start()
  const proxy = await openProxy(engine)
  const [client, direct] = [new Redis(proxy.through(engine.url)), new Redis(engine.url)]
  client.on('error', () => undefined)
  endings.push(
    () => engine.close(),
    () => proxy.close(),
    () => client.disconnect(),
    () => direct.disconnect(),
  )
  await client.ping()
  return { client, direct, proxy }
}

/** Carried out, and sent again because the answer vanished with its connection. */
async function sentTwice<T>({ direct, proxy }: { direct: Redis; proxy: Proxy }, ask: () => Promise<T>): Promise<T> {
  const scripts = async (): Promise<number> =>
    [...(await direct.info('commandstats')).matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)]
      .map(([, calls]) => Number(calls))
      .reduce((sum, calls) => sum + calls, 0)
  // The text of the script is known to the server by now.
  const before = await scripts()
  const { lostBytes } = proxy.stats.replies
  proxy.set({ kind: 'lose-replies' })
  const answer = ask()
  await expect.poll(() => proxy.stats.replies.lostBytes).toBeGreaterThan(lostBytes)
  proxy.set({ kind: 'pass' })
  const settled = await answer.then(
    (value) => () => value,
    (error: unknown) => () => {
      throw error
    },
  )
  expect(await scripts()).toBe(before + 2)
  return settled()
}

test('entering, looking and a ledger may be sent twice', async () => {
  const scene = await behindProxy()
  const { client, direct } = scene
  const [guard, book] = [fence(client), ledger(client)]
  const warm = { ...LEASE, name: 'warm' }
  await guard.enter(warm)
  await book.enter(warm)
  await book.put(warm, 'x')
  await sentTwice(scene, () => guard.enter(LEASE))
  expect(await direct.get('holdfast-fence:{shop!stock}')).toBe('34')
  await sentTwice(scene, () => guard.check(LEASE))
  await sentTwice(scene, () => book.put(LEASE, 'sold'))
  expect(await sentTwice(scene, () => book.enter(LEASE))).toEqual({ value: 'sold', token: 34n })
  await expect(sentTwice(scene, () => guard.enter({ ...LEASE, token: 33n }))).rejects.toThrow(StaleToken)
  await expect(sentTwice(scene, () => book.put({ ...LEASE, token: 33n }, 'late'))).rejects.toThrow(StaleToken)
  expect(await book.get(LEASE)).toEqual({ value: 'sold', token: 34n })
})

test('the work of a caller is carried out once, and the loss of its answer is told', async () => {
  const scene = await behindProxy()
  const guard = fence(scene.client)
  const work = { lua: "return redis.call('INCR', KEYS[1])", keys: ['{shop!stock}:sold'] }
  expect(await guard.run(LEASE, work)).toBe(1)
  await expect(sentTwice(scene, () => guard.run(LEASE, work))).rejects.toThrow(OutcomeUnknown)
  expect(await scene.direct.get('{shop!stock}:sold')).toBe('2')
  expect(await guard.run(LEASE, work)).toBe(3)
  // What remembers a run goes by itself.
  for (const key of await scene.direct.keys('holdfast-fence:{shop!stock}:*'))
    expect(await scene.direct.pttl(key)).toBeGreaterThan(0)
  const repeatable = { lua: "redis.call('SET', KEYS[1], '7')", keys: work.keys, repeatable: true }
  await guard.run({ ...LEASE, name: 'warm' }, repeatable)
  expect(await sentTwice(scene, () => guard.run(LEASE, repeatable))).toBeNull()
})

test('a guard and a ledger find their server in a Cluster, where mark and data share a hash tag', async () => {
  const cluster = await startCluster()
  endings.push(() => cluster.close())
  const client = createCluster({ rootNodes: cluster.masters.map(({ url }) => ({ url })) })
  await client.connect()
  endings.push(() => client.destroy())
  const [guard, book] = [fence(client), ledger(client)]
  for (let index = 0; index < 10; index += 1) {
    const lease = { ...LEASE, name: `stock-${index}` }
    await guard.enter(lease)
    await guard.run(lease, { lua: "redis.call('SET', KEYS[1], '4')", keys: [`{shop!stock-${index}}`] })
    expect(await client.get(`{shop!stock-${index}}`)).toBe('4')
    await book.put(lease, 'sold')
    expect(await book.get(lease)).toEqual({ value: 'sold', token: 34n })
    await expect(guard.enter({ ...lease, token: 33n })).rejects.toThrow(StaleToken)
  }
})
