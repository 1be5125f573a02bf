/** Taking the lock: which client gets it, in which order, and what the others leave behind. */
import assert from 'node:assert/strict'
import { settle } from '../virtual-clock.ts'
import type { LockCase } from './case.ts'

const PATIENT = { wait: '1m' }

export const taking: readonly LockCase[] = [
  {
    name: 'a lock that is free is given at once, and to one only',
    async run({ client }) {
      const clients = [client(), client(), client()]
      const taken = await Promise.all(clients.flatMap(({ lock }) => [lock.tryAcquire(), lock.tryAcquire()]))
      assert.equal(taken.filter((lease) => lease !== null).length, 1)
    },
  },
  {
    name: 'two acquisitions of one client exclude each other like those of two',
    trap: 'an owner id per process, not per acquisition (traps 6, 26)',
    async run({ client, within, ttlMs }) {
      const { lock } = client()
      const first = await lock.acquire()
      assert.equal(await lock.tryAcquire(), null)
      await first.release()
      const second = await within(ttlMs, lock.acquire())
      assert.equal(await first.release(), 'released')
      assert.ok(second.isHeld())
      assert.equal(await lock.tryAcquire(), null)
    },
  },
  {
    name: 'waiters are served in the order they came, across clients',
    needs: 'order',
    async run({ client, within, advance, ttlMs }) {
      const holder = await client().lock.acquire()
      const served: number[] = []
      const waits: Promise<void>[] = []
      const others = Array.from({ length: 6 }, () => client())
      // The order of the asks counts, and not that in which stores open.
      for (const { locks } of others) await locks.open()
      for (const [n, { lock, claims }] of others.entries()) {
        waits.push(
          lock.using(PATIENT, () => {
            served.push(n)
          }),
        )
        for (let tries = 0; (await claims()) < n + 2 && tries < 200; tries += 1) await advance(ttlMs / 100)
      }
      await holder.release()
      await within(ttlMs * 10, Promise.all(waits))
      assert.deepEqual(served, [0, 1, 2, 3, 4, 5])
    },
  },
  {
    name: 'the token rises with every grant, whoever gets it and however',
    trap: 'two token definitions on one store (trap 9), a token that is reset by a release (trap 11)',
    async run({ client, within, ttlMs }) {
      const clients = [client(), client()]
      const tokens: bigint[] = []
      for (let round = 0; round < 5; round += 1) {
        for (const { lock } of clients) {
          const lease = await lock.acquire(PATIENT)
          const waiting = clients[0]?.lock.acquire(PATIENT)
          tokens.push(lease.token)
          await lease.release()
          const next = await within(ttlMs * 10, waiting ?? Promise.reject(new Error('there are two clients')))
          tokens.push(next.token)
          await next.release()
        }
      }
      assert.deepEqual(
        tokens,
        tokens.toSorted((a, b) => Number(a - b)),
      )
      assert.equal(new Set(tokens).size, tokens.length)
    },
  },
  {
    name: 'a read-modify-write under the lock loses no update',
    async run({ client, within, advance, ttlMs }) {
      let counter = 0
      const workers = Array.from({ length: 4 }, async () => {
        const { lock } = client()
        for (let n = 0; n < 10; n += 1) {
          await lock.using(PATIENT, async () => {
            const seen = counter
            await settle(1)
            counter = seen + 1
          })
        }
      })
      await advance(0)
      await within(ttlMs * 20, Promise.all(workers))
      assert.equal(counter, 40)
    },
  },
  {
    name: 'a wait that is aborted or timed out leaves no claim, and the next in line is served',
    trap: 'a cancelled wait that is granted to nobody later (trap 23)',
    async run({ client, within, advance, ttlMs }) {
      const { lock, claims } = client()
      const holder = await lock.acquire()
      const controller = new AbortController()
      const reason = new Error('the user went away')
      const others = [client(), client(), client()] as const
      // What is timed is the wait, not the opening of a store with many connections on a busy machine.
      await Promise.all(others.map(({ locks }) => locks.open()))
      const aborted = others[0].lock.acquire({ signal: controller.signal })
      const timedOut = others[1].lock.acquire({ wait: ttlMs / 4 })
      const patient = others[2].lock.acquire(PATIENT)
      aborted.catch(() => undefined)
      timedOut.catch(() => undefined)
      await advance(ttlMs / 8)
      controller.abort(reason)
      await assert.rejects(aborted, reason)
      await assert.rejects(within(ttlMs, timedOut), { code: 'WAIT_TIMEOUT' })
      await holder.release()
      await (await within(ttlMs, patient)).release()
      await advance(ttlMs / 8)
      assert.equal(await claims(), 0)
    },
  },
  {
    name: 'a lost reply to the ask makes one claim and costs no ttl',
    trap: 'an orphan of the own lost reply blocks for a whole ttl (trap 1, defect D25)',
    async run({ client, within, nowMs, ttlMs }) {
      let lose = true
      const { lock, locks, claims } = client((_, method) => {
        if (!lose || method !== 'enter') return undefined
        lose = false
        return { kind: 'lost-reply', silence: 'hangs' }
      })
      await locks.open()
      const startedMs = nowMs()
      const lease = await within(ttlMs, lock.acquire())
      assert.ok(nowMs() - startedMs < ttlMs * 0.7, 'it took as long as a lease')
      assert.equal(await claims(), 1)
      await lease.release()
    },
  },
  {
    name: 'asking again inside its own using is refused at once, or shares the lease when told to',
    trap: 're-entry that dead-locks, or changes the token (trap 8)',
    async run({ client }) {
      const { lock } = client()
      await lock.using(async (outer) => {
        await assert.rejects(lock.acquire(PATIENT), { code: 'MISUSE' })
        const inner = await lock.acquire({ reentrant: true })
        assert.equal(inner.token, outer.token)
        await inner.release()
        assert.ok(outer.isHeld())
      })
    },
  },
]
