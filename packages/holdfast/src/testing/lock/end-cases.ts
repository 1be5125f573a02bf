/** How a hold ends: by a release, by its time, by a crash, by an operator. */
import assert from 'node:assert/strict'
import type { Mode } from '../../lease/lease.ts'
import { formatSequencer, parseSequencer } from '../../lease/sequencer.ts'
import type { LockCase } from './case.ts'

const PATIENT = { wait: '1m' }

export const ending: readonly LockCase[] = [
  {
    name: 'a lease that is renewed outlives its ttl, with the same token',
    async run({ client, advance, ttlMs }) {
      const lease = await client().lock.acquire()
      const { token } = lease
      for (let third = 0; third < 9; third += 1) {
        await advance(ttlMs / 3)
        assert.equal(lease.state, 'held')
      }
      assert.equal(lease.token, token)
      assert.equal(await client().lock.tryAcquire(), null)
      assert.equal(await lease.release(), 'released')
    },
  },
  {
    name: 'a holder that is cut off stops believing before anybody else is given the lock',
    trap: 'loss noticed after the server gave the lock away (trap 15, defects D5, D21)',
    async run({ client, within, nowMs, ttlMs }) {
      const { lock, store } = client()
      const lease = await lock.acquire()
      let lostMs = Number.POSITIVE_INFINITY
      lease.signal.addEventListener('abort', () => (lostMs = nowMs()))
      store.freeze()
      const next = await within(ttlMs * 5, client().lock.acquire(PATIENT))
      assert.ok(lostMs <= nowMs(), 'the old holder was not told')
      assert.equal(lease.isHeld(), false)
      assert.ok(next.token > lease.token)
      store.thaw()
      assert.equal(await lease.release(), 'expired')
      assert.ok(next.isHeld())
    },
  },
  {
    name: 'a release that comes after the expiry does not free the successor',
    trap: 'release without an owner check (traps 2, 5)',
    async run({ client, within, ttlMs }) {
      const { lock, store } = client()
      const stale = await lock.acquire()
      store.freeze()
      const next = await within(ttlMs * 5, client().lock.acquire(PATIENT))
      const releasing = stale.release()
      store.thaw()
      await within(ttlMs * 5, releasing)
      assert.equal(await client().lock.tryAcquire(), null)
      assert.ok(next.isHeld())
    },
  },
  {
    name: 'using rejects with what the work returned when the lease was lost before its end',
    trap: 'a lost lease that resolves normally, or throws the result away (defects D3, D11, D13)',
    async run({ client, advance, within, ttlMs }) {
      const { lock, store } = client()
      const working = lock.using(async () => {
        store.freeze()
        await advance(ttlMs * 1.5)
        store.thaw()
        return 'receipt'
      })
      await assert.rejects(within(ttlMs * 10, working), { code: 'LEASE_LOST', outcome: { returned: 'receipt' } })
    },
  },
  {
    name: 'the lock is free after the work, also when the work throws',
    async run({ client }) {
      const { lock, claims } = client()
      assert.equal(await lock.using(() => 17), 17)
      const error = new Error('no')
      await assert.rejects(
        lock.using(() => Promise.reject(error)),
        error,
      )
      assert.equal(await claims(), 0)
    },
  },
  {
    name: 'a lock-delay keeps others out after an expiry, and not after a release',
    needs: 'lockDelay',
    async run({ client, within, nowMs, ttlMs }) {
      const { lock, store } = client()
      await (await lock.acquire({ lockDelay: ttlMs })).release()
      const startedMs = nowMs()
      await lock.acquire({ lockDelay: ttlMs })
      store.freeze()
      const next = await within(ttlMs * 5, client().lock.acquire(PATIENT))
      assert.ok(nowMs() - startedMs >= ttlMs * 2, 'the delay was cut short')
      await next.release()
    },
  },
  {
    name: 'a release inside the minimum hold keeps the lock taken for the rest of it',
    needs: 'minimumHold',
    async run({ client, within, nowMs, ttlMs }) {
      const [one, other] = [client(), client()] as const
      await Promise.all([one.locks.open(), other.locks.open()])
      const startedMs = nowMs()
      await (await one.lock.acquire({ minHold: ttlMs })).release()
      assert.equal(await other.lock.tryAcquire(), null)
      await (await within(ttlMs * 5, other.lock.acquire(PATIENT))).release()
      assert.ok(nowMs() - startedMs >= ttlMs * 0.99, 'the hold was cut short')
    },
  },
  {
    name: 'an evicted holder is told, and its token is below the next one',
    async run({ client, within, ttlMs }) {
      const operator = client()
      const { lock, locks, name } = client()
      const lease = await lock.acquire()
      const lost = new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
      const hit = await operator.locks.evict(name, { token: lease.token, reason: 'the node is drained' })
      assert.equal(hit, 'evicted')
      await within(ttlMs, lost)
      assert.match(String(lease.signal.reason), /the node is drained/)
      const next = await within(ttlMs, client().lock.acquire(PATIENT))
      assert.ok(next.token > lease.token)
      assert.equal(await operator.locks.evict(name, { token: lease.token, reason: 'again' }), 'gone')
      assert.equal(await locks.check(lease.sequencer), 'gone')
      assert.equal(await locks.check(next.sequencer), 'live')
    },
  },
  {
    name: 'a sequencer is live in the mode of its lease alone, whatever its text says',
    trap: 'a third party that believes the mode in a text lets a reader shut out readers',
    async run({ client }) {
      const { lock, locks } = client()
      const lease = await lock.acquire()
      const live: Mode[] = []
      for (const mode of ['exclusive', 'shared', 'permit'] as const) {
        const stated = formatSequencer({ ...parseSequencer(lease.sequencer), mode })
        if ((await locks.check(stated)) === 'live') live.push(mode)
      }
      assert.ok(live.includes(lease.mode))
      // One of one is a mutex and a semaphore with one permit: to a waiter they are the same.
      const others = live.filter((mode) => mode !== lease.mode)
      const { capacity } = await locks.inspect(lease.name)
      if (capacity !== 1) assert.deepEqual(others, [])
      else assert.ok(!others.includes('shared'))
      await lease.release()
      assert.equal(await locks.check(lease.sequencer), 'gone')
    },
  },
  {
    name: 'a client that closes gives back what it holds and waits for, and tells the work',
    async run({ client, within, advance, ttlMs }) {
      const one = client()
      const other = client()
      const lease = await one.lock.acquire()
      const waiting = other.lock.acquire(PATIENT)
      waiting.catch(() => undefined)
      await advance(ttlMs / 10)
      await within(ttlMs, other.locks.close())
      await assert.rejects(waiting, { code: 'STORE_UNAVAILABLE' })
      await within(ttlMs, one.locks.close())
      assert.equal(lease.isHeld(), false)
      assert.ok(lease.signal.aborted, 'the work was not told')
      const { claims } = client()
      assert.equal(await claims(), 0)
    },
  },
  {
    name: 'what is held is listed by name, page by page, until it is released',
    trap: 'a place in the walk of the store is taken for a name',
    async run({ client }) {
      const { locks } = client()
      const leases = await Promise.all(['list:1', 'list:2', 'list:3'].map((name) => locks.acquire(name)))
      const listed = async (): Promise<readonly string[]> => {
        const names = new Set<string>()
        let cursor: string | undefined
        for (let pages = 0; pages < 1_000; pages += 1) {
          const page = await locks.list({ prefix: 'list:', limit: 1, ...(cursor === undefined ? {} : { cursor }) })
          for (const name of page.names) names.add(name)
          cursor = page.cursor
          if (cursor === undefined) return [...names].toSorted()
        }
        throw new assert.AssertionError({ message: 'the pages have no end' })
      }
      assert.deepEqual(await listed(), ['list:1', 'list:2', 'list:3'])
      for (const lease of leases) await lease.release()
      assert.deepEqual(await listed(), [])
    },
  },
]
