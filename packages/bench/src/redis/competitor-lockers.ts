/**
 * Other libraries as lockers, each as its own documentation uses it and with its own defaults, but for one thing: a
 * limit on tries is lifted, so that a waiter waits. All of them get the same client as Holdfast.
 */
import { connect, type CountingRedis } from './client.ts'
import type { Locker, LockerSettings } from '../server/locker.ts'
import { requireCompetitor } from '@holdfast/testbed/competitors'

/** What is used of each of them; their own types describe older drivers. */
interface Redlock4 {
  lock(resource: string, ttlMs: number): Promise<{ unlock(): Promise<unknown> }>
}
interface Redlock5 {
  acquire(resources: readonly string[], ttlMs: number): Promise<{ release(): Promise<unknown> }>
  using(resources: readonly string[], ttlMs: number, work: () => Promise<void>): Promise<void>
  on(event: 'error', listener: () => void): void
}
interface RedlockOptions {
  readonly retryCount: number
}
interface Mutex {
  acquire(): Promise<void>
  release(): Promise<void>
}
interface MutexOptions {
  readonly lockTimeout: number
  readonly acquireTimeout: number
}
interface UniversalLock {
  acquire(): Promise<unknown>
  release(handle: unknown): Promise<boolean>
  using(work: () => Promise<void>): Promise<void>
}
interface UniversalOptions {
  readonly adapter: object
  readonly key: string
  readonly ttl: number
  readonly retryAttempts: number
}
interface VerrouFactory {
  createLock(name: string, ttlMs: number): { acquire(): Promise<boolean>; release(): Promise<void> }
}

export type CompetitorName =
  | 'redlock 4.2.0'
  | 'redlock 5.0.0-beta.2'
  | 'redis-semaphore'
  | 'redlock-universal'
  | '@verrou/core'

/** For those that count tries: as many as a run can ever need. */
const TRIES_MAX = 1_000_000
const FOR_EVER = -1

export const competitorLockers: Readonly<Record<CompetitorName, (settings: LockerSettings) => Promise<Locker>>> = {
  async 'redlock 4.2.0'({ url, ttlMs }) {
    type Library = new (clients: readonly object[], options: RedlockOptions) => Redlock4
    const client = await connect(url)
    const redlock = new (requireCompetitor<Library>('redlock-4'))([client], { retryCount: FOR_EVER })
    return locker(client, async (name) => {
      const lock = await redlock.lock(name, ttlMs)
      return () => lock.unlock()
    })
  },
  async 'redlock 5.0.0-beta.2'({ url, ttlMs }) {
    type Library = new (clients: readonly object[], options: RedlockOptions) => Redlock5
    const client = await connect(url)
    const redlock = new (requireCompetitor<{ default: Library }>('redlock-5').default)([client], {
      retryCount: FOR_EVER,
    })
    // It tells of every try that found the lock taken.
    redlock.on('error', () => undefined)
    const acquire = async (name: string) => {
      const lock = await redlock.acquire([name], ttlMs)
      return () => lock.release()
    }
    return locker(client, acquire, (name) => insideOf((work) => redlock.using([name], ttlMs, work)))
  },
  async 'redis-semaphore'({ url, ttlMs, waitMs }) {
    type Library = new (client: object, key: string, options: MutexOptions) => Mutex
    const client = await connect(url)
    const { Mutex } = requireCompetitor<{ Mutex: Library }>('redis-semaphore')
    const acquire = async (name: string) => {
      const mutex = new Mutex(client, name, { lockTimeout: ttlMs, acquireTimeout: waitMs })
      await mutex.acquire()
      return () => mutex.release()
    }
    // It renews until it is given back.
    return locker(client, acquire, acquire)
  },
  async 'redlock-universal'({ url, ttlMs }) {
    const client = await connect(url)
    const library = requireCompetitor<{
      createLock(options: UniversalOptions): UniversalLock
      IoredisAdapter: new (client: object) => object
    }>('redlock-universal')
    const adapter = new library.IoredisAdapter(client)
    const lockOf = (key: string): UniversalLock =>
      library.createLock({ adapter, key, ttl: ttlMs, retryAttempts: TRIES_MAX })
    const acquire = async (name: string) => {
      const lock = lockOf(name)
      const handle = await lock.acquire()
      return () => lock.release(handle)
    }
    return locker(client, acquire, (name) => insideOf((work) => lockOf(name).using(work)))
  },
  async '@verrou/core'({ url, ttlMs }) {
    const client = await connect(url)
    const { LockFactory } = requireCompetitor<{ LockFactory: new (store: object) => VerrouFactory }>('@verrou/core')
    const { RedisStore } = requireCompetitor<{ RedisStore: new (options: object) => object }>(
      '@verrou/core/drivers/redis',
    )
    const factory = new LockFactory(new RedisStore({ connection: client }))
    return locker(client, async (name) => {
      const lock = factory.createLock(name, ttlMs)
      if (!(await lock.acquire())) throw new Error(`${name} was not acquired`)
      return () => lock.release()
    })
  },
}

function locker(client: CountingRedis, acquire: Locker['acquire'], keep?: Locker['keep']): Locker {
  return {
    acquire,
    ...(keep !== undefined && { keep }),
    readings: () => ({ sent: client.sent }),
    close: async () => client.disconnect(),
  }
}

/** From a call that works under the lock: resolves when the work has begun, with what ends it. */
async function insideOf(using: (work: () => Promise<void>) => Promise<void>): Promise<() => Promise<void>> {
  const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const done = using(async () => {
    begun.resolve()
    await ended.promise
  })
  await Promise.race([begun.promise, done])
  return () => {
    ended.resolve()
    return done
  }
}
