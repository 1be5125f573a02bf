/** Lock libraries, each as its own documentation uses it: a lock of half a second, and how its holder writes. */
import { requireCompetitor } from '@holdfast/testbed/competitors'
import { acceptSequencer, holdfast, type Lease } from 'holdfast'
import { fence } from 'holdfast/guards/redis'
import { redis } from 'holdfast/redis'
import type { Redis } from 'ioredis'

/** Writes as the library lets its holder write. */
type Write = (value: string) => Promise<unknown>

type Take = (client: Redis, name: string) => Promise<Write>

const TTL_MS = 500
const WAIT_MS = 10_000
const RETRIES = 100
export const KEY = 'seat'

/** A write that carries no token. */
const plainly =
  (client: Redis): Write =>
  (value) =>
    client.set(KEY, value)

async function leaseOf(client: Redis, name: string): Promise<Lease> {
  return await holdfast(redis(client), { ttl: TTL_MS }).acquire(name, { wait: WAIT_MS })
}

export const libraries: Readonly<Record<string, Take>> = {
  async 'redlock 4'(client, name) {
    type Library = new (
      clients: readonly object[],
      options: object,
    ) => { lock(name: string, ttlMs: number): Promise<object> }
    const Redlock = requireCompetitor<Library>('redlock-4')
    await new Redlock([client], { retryCount: RETRIES }).lock(name, TTL_MS)
    return plainly(client)
  },
  async 'redlock 5'(client, name) {
    type Library = new (
      clients: readonly object[],
      options: object,
    ) => { acquire(names: string[], ttlMs: number): Promise<object> }
    const { default: Redlock } = requireCompetitor<{ default: Library }>('redlock-5')
    await new Redlock([client], { retryCount: RETRIES }).acquire([name], TTL_MS)
    return plainly(client)
  },
  async 'redis-semaphore'(client, name) {
    type Library = new (client: object, key: string, options: object) => { acquire(): Promise<void> }
    const { Mutex } = requireCompetitor<{ Mutex: Library }>('redis-semaphore')
    const mutex = new Mutex(client, name, { lockTimeout: TTL_MS, acquireTimeout: WAIT_MS, onLockLost: () => undefined })
    await mutex.acquire()
    return plainly(client)
  },
  async 'redlock-universal'(client, name) {
    const { createLock, IoredisAdapter } = requireCompetitor<{
      createLock(options: object): { acquire(): Promise<object> }
      IoredisAdapter: new (client: object) => object
    }>('redlock-universal')
    await createLock({
      adapter: new IoredisAdapter(client),
      key: name,
      ttl: TTL_MS,
      retryAttempts: RETRIES,
      retryDelay: 100,
    }).acquire()
    return plainly(client)
  },
  async verrou(client, name) {
    const { LockFactory } = requireCompetitor<{
      LockFactory: new (store: object) => {
        createLock(name: string, ttlMs: number): { acquire(): Promise<boolean> }
      }
    }>('@verrou/core')
    const { RedisStore } = requireCompetitor<{ RedisStore: new (options: object) => object }>(
      '@verrou/core/drivers/redis',
    )
    const lock = new LockFactory(new RedisStore({ connection: client })).createLock(name, TTL_MS)
    await lock.acquire()
    return plainly(client)
  },
  async 'Holdfast without a guard'(client, name) {
    await leaseOf(client, name)
    return plainly(client)
  },
  async 'Holdfast with its guard'(client, name) {
    const { sequencer, namespace } = await leaseOf(client, name)
    // The lease would refuse by its own clock; here the resource alone decides, as it does when the pause comes later still.
    const held = acceptSequencer(sequencer, { namespace, name, mode: 'exclusive' })
    return (value) =>
      fence(client).run(held, { lua: "redis.call('SET', KEYS[1], ARGV[1])", keys: [KEY], args: [value] })
  },
}
