/** Eviction: an operator ends a claim by its token, and the holder learns why. */
import assert from 'node:assert/strict'
import { type Case, casesOf } from '../case.ts'
import { assertGone, assertStillHeld, claimOf, hold, isFree, refused, renew, turnOf, wait } from '../steps.ts'

const TURN_MS = 5_000

export const eviction: readonly Case[] = casesOf('evict', [
  {
    name: 'an evicted holder is told so, with the reason, by its next renewal',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store)
      const operator = await context.connect()
      assert.equal(await operator.evict(ref.resource, ref.token, 'stuck since noon'), 'evicted')
      assert.deepEqual(await renew(store, ref, context.longMs), { kind: 'gone', reason: 'stuck since noon' })
    },
  },
  {
    name: 'after an eviction the next in line has the lock, with a higher token',
    async run(context) {
      const store = await context.connect()
      const { ref, token } = await hold(context, store)
      const waiter = await wait(context, await context.connect())
      assert.equal(await store.evict(ref.resource, token, 'stuck'), 'evicted')
      const next = await turnOf(context, waiter.store, waiter.claim, TURN_MS)
      assert.ok(next.token > token)
    },
  },
  {
    name: 'an evicted claim can neither be renewed nor left, and takes nothing from its successor',
    trap: 'the resignation of a stale leader wipes its successor',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store)
      await store.evict(ref.resource, ref.token, 'stuck')
      const successor = await hold(context, await context.connect())
      assertGone(await renew(store, ref, context.longMs))
      assert.equal(await store.leave(ref), 'gone')
      await assertStillHeld(successor)
    },
  },
  {
    name: 'an eviction with a token that does not hold changes nothing',
    trap: 'a forced release takes the lock from whoever holds it by then',
    async run(context) {
      const store = await context.connect()
      const first = await hold(context, store)
      await store.leave(first.ref)
      const second = await hold(context, store)
      const waiter = await wait(context, store)
      for (const token of [first.token, second.token + 1n, 1n]) {
        assert.equal(await store.evict(first.ref.resource, token, 'too late'), 'gone')
      }
      assert.equal(await store.evict(context.resource('nobody'), second.token, 'nobody there'), 'gone')
      await assertStillHeld(second)
      assert.equal((await store.enter(waiter.claim)).kind, 'queued')
    },
  },
  {
    name: 'an eviction that is repeated says gone',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store)
      assert.equal(await store.evict(ref.resource, ref.token, 'once'), 'evicted')
      assert.equal(await store.evict(ref.resource, ref.token, 'twice'), 'gone')
      assert.ok(await isFree(context, store))
    },
  },
  {
    name: 'after an eviction the lock-delay passes before anybody else gets the lock',
    needs: ['lockDelay'],
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store, { lockDelayMs: 2 * context.shortMs })
      assert.equal(await store.evict(ref.resource, ref.token, 'stuck'), 'evicted')
      await refused(context, store)
      await context.advance(context.shortMs)
      await turnOf(context, store, claimOf(context), 4 * context.shortMs)
    },
  },
])
