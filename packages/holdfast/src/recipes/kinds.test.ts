import { describe, expect, test } from 'vitest'
import { world } from '../client/clients.fixture.ts'
import { Misuse } from '../store/errors.ts'

describe('read/write lock', () => {
  test('readers share, a writer is alone, and a waiting writer is not overtaken by readers', async () => {
    const { clock, client } = world()
    const { locks } = client()
    const { read, write } = locks.readWrite('map')
    const readers = [await read.acquire(), await read.acquire()]
    const order: string[] = []
    const writing = write.acquire().then((lease) => {
      order.push('writer')
      return lease
    })
    await clock.advance(1)
    const lateReading = read.acquire().then((lease) => {
      order.push('reader')
      return lease
    })
    expect(await read.tryAcquire()).toBeNull()
    await Promise.all(readers.map((lease) => lease.release()))
    const writer = await writing
    await clock.advance(1)
    expect(order).toEqual(['writer'])
    await writer.release()
    await (await lateReading).release()
    expect(order).toEqual(['writer', 'reader'])
  })

  test('tokens of readers and writers rise in one order', async () => {
    const { client } = world()
    const { read, write } = client().locks.readWrite('map')
    const first = await read.using((lease) => lease.token)
    const second = await write.using((lease) => lease.token)
    const third = await read.using((lease) => lease.token)
    expect(first < second && second < third).toBe(true)
  })

  test('a crashed reader lets the writer in at its ttl while other readers go on', async () => {
    const { clock, client } = world()
    const crashed = client()
    await crashed.locks.readWrite('map').read.acquire()
    crashed.store.freeze()
    const living = await client().locks.readWrite('map').read.acquire()
    const writing = client().locks.readWrite('map').write.acquire({ wait: '1m' })
    await clock.advance(9_100)
    await living.release()
    await (await writing).release()
  })

  test('writing inside reading of the same name is refused, because it would wait for itself', async () => {
    const { client } = world()
    const { read, write } = client().locks.readWrite('map')
    await read.using(async () => {
      await expect(write.acquire({ reentrant: true })).rejects.toThrow('stronger lock')
    })
    await write.using(async (outer) => {
      expect(await read.using({ reentrant: true }, (lease) => lease.token)).toBe(outer.token)
    })
  })
})

describe('semaphore', () => {
  test('at most n permits are out, and the next waiter gets the first that comes back', async () => {
    const { clock, client } = world()
    const printers = client().locks.semaphore('printers', { permits: 3 })
    const out = [await printers.acquire(), await printers.acquire(), await printers.acquire()]
    expect(await printers.tryAcquire()).toBeNull()
    const waiting = printers.acquire()
    await clock.advance(1)
    await out[1]?.release()
    expect((await waiting).mode).toBe('permit')
  })

  test('who asks for many is not overtaken by those who ask for few', async () => {
    const { clock, client } = world()
    const permits = client().locks.semaphore('pool', { permits: 3 })
    const one = await permits.acquire()
    const all = permits.acquire({ take: 3 })
    await clock.advance(1)
    expect(await permits.tryAcquire()).toBeNull()
    await one.release()
    await (await all).release()
  })

  test('a permit count that differs from that of the holders is refused by name', async () => {
    const { client } = world()
    await client().locks.semaphore('pool', { permits: 3 }).acquire()
    await expect(client().locks.semaphore('pool', { permits: 4 }).tryAcquire()).rejects.toBeInstanceOf(Misuse)
  })

  test.each([0, -1, 1.5, Number.NaN, 1_000_001])('%d permits are misuse', (permits) => {
    const { locks } = world().client()
    expect(() => locks.semaphore('pool', { permits })).toThrow(Misuse)
  })

  test('taking more permits than there are is misuse', async () => {
    const pool = world().client().locks.semaphore('pool', { permits: 2 })
    await expect(pool.acquire({ take: 3 })).rejects.toBeInstanceOf(Misuse)
  })
})

describe('several names at once', () => {
  test('all or nothing: one name that is taken leaves none of the others taken', async () => {
    const { client, line } = world()
    const { locks } = client()
    const other = await client().locks.acquire('b')
    expect(await locks.tryAcquireAll(['a', 'b', 'c'])).toBeNull()
    expect((await line('a')).claims).toHaveLength(0)
    await other.release()
    const set = await locks.acquireAll(['c', 'a', 'b'])
    expect(set.leases.map((lease) => lease.name)).toEqual(['c', 'a', 'b'])
    await set.release()
  })

  test('two callers with the names in opposite order never wait for each other', async () => {
    const { clock, client } = world()
    const one = client()
    const two = client()
    const runs = Array.from({ length: 50 }, (_, n) =>
      (n % 2 === 0 ? one : two).locks.usingAll(n % 2 === 0 ? ['a', 'b'] : ['b', 'a'], {}, () => n),
    )
    const done = Promise.all(runs)
    await clock.advance(5_000)
    expect(await done).toHaveLength(50)
  })

  test('free names are asked for together, and not one after the other', async () => {
    const { client } = world()
    let [inFlight, most] = [0, 0]
    const { locks } = client({}, undefined, (open) => ({
      async enter(claim) {
        most = Math.max(most, (inFlight += 1))
        await Promise.resolve()
        inFlight -= 1
        return open.enter(claim)
      },
    }))
    const names = Array.from({ length: 100 }, (_, n) => `name:${n}`)
    const set = await locks.acquireAll(names)
    expect(set.leases).toHaveLength(100)
    expect(most).toBe(100)
    await set.release()
  })

  test('while a busy name is waited for nothing behind it is held, and what is ahead of it stays held', async () => {
    const { clock, client, line } = world()
    const holder = await client().locks.acquire('b', { ttl: '1m' })
    const refused: unknown[] = []
    const { locks } = client()
    locks.on('refused', (event) => void refused.push(event))
    const waiting = locks.acquireAll(['c', 'b', 'a'], { wait: '30s', ttl: '1m' })
    await clock.advance(1_000)
    const held = await Promise.all(['a', 'b', 'c'].map(async (name) => (await line(name)).claims.length))
    expect(held).toEqual([1, 2, 0])
    const other = await client().locks.acquire('c', { ttl: '1m' })
    await holder.release()
    await clock.advance(1_000)
    await other.release()
    await clock.advance(1_000)
    expect((await waiting).isHeld()).toBe(true)
    expect(refused).toEqual([])
  })

  test('losing one loses the set', async () => {
    const { clock, client } = world()
    const { locks } = client()
    const set = await locks.acquireAll(['a', 'b'])
    const token = set.leases[1]?.token ?? 0n
    await client().locks.evict('b', { token, reason: 'drained' })
    await clock.advance(9_000)
    expect(set.signal.aborted).toBe(true)
    expect(set.isHeld()).toBe(false)
    expect(() => set.assertHeld()).toThrow('b')
    await set.release()
  })

  test('the wait is one for all of them, and what was taken by then is given back', async () => {
    const { clock, client, line } = world()
    const holder = await client().locks.acquire('b')
    const waiting = client().locks.acquireAll(['a', 'b'], { wait: '2s' })
    waiting.catch(() => undefined)
    await clock.advance(2_000)
    await expect(waiting).rejects.toMatchObject({ code: 'WAIT_TIMEOUT', resource: 'b' })
    await clock.advance(1)
    expect((await line('a')).claims).toHaveLength(0)
    await holder.release()
  })

  test('a name inside its own usingAll is refused as inside a using', async () => {
    const { locks } = world().client()
    await locks.usingAll(['a', 'b'], {}, async () => {
      await expect(locks.acquire('b')).rejects.toBeInstanceOf(Misuse)
      await expect(locks.acquireAll(['b', 'c'])).rejects.toBeInstanceOf(Misuse)
    })
  })

  test('no name, too many names and a name twice are misuse', async () => {
    const { locks } = world().client()
    await expect(locks.acquireAll([])).rejects.toBeInstanceOf(Misuse)
    await expect(locks.acquireAll(Array.from({ length: 101 }, (_, n) => `n${n}`))).rejects.toBeInstanceOf(Misuse)
    await expect(locks.acquireAll(['a', 'a'])).rejects.toBeInstanceOf(Misuse)
  })
})
