/** A lease ends by itself, by the engine's clock, and what has ended does not come back. */
import assert from 'node:assert/strict'
import { type Case, casesOf } from '../case.ts'
import {
  assertGone,
  assertStillHeld,
  claimOf,
  hold,
  isFree,
  past,
  refused,
  renew,
  turnOf,
  wait,
  wrongClock,
} from '../steps.ts'

export const expiry: readonly Case[] = casesOf('expiry', [
  {
    name: 'a lease that nobody renews ends by itself, and a newcomer gets the lock',
    async run(context) {
      const dead = await hold(context, await context.connect(), { ttlMs: context.shortMs })
      const next = await turnOf(context, await context.connect(), claimOf(context), 3 * past(context, context.shortMs))
      assert.ok(next.token > dead.token)
    },
  },
  {
    name: 'until its life is over nobody else gets the lock',
    async run(context) {
      const store = await context.connect()
      const { standing } = await hold(context, store, { ttlMs: context.shortMs })
      const other = await context.connect()
      for (let part = 0; part < 6; part += 1) {
        // Judged by what the holder itself believes, so that a slow machine does not fail the case.
        const standingNext = await other.enter(claimOf(context, { queue: false }))
        const answeredAtMs = context.clock.monotonicMs()
        if (answeredAtMs >= standing.askedAt.monotonicMs + standing.lifeMs) return
        assert.equal(standingNext.kind, 'refused')
        await context.advance(context.shortMs / 8)
      }
    },
  },
  {
    name: 'an expired claim cannot be renewed, even if nobody came',
    trap: 'a renewal resurrects what has expired',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store, { ttlMs: context.shortMs })
      await context.advance(past(context, context.shortMs))
      assertGone(await renew(store, ref, context.longMs))
      assertGone(await renew(store, ref, context.longMs))
    },
  },
  {
    name: 'the renewal of an expired claim takes nothing from its successor',
    trap: 'a renewal without an owner check prolongs, or ends, what belongs to somebody else',
    async run(context) {
      const store = await context.connect()
      const dead = await hold(context, store, { ttlMs: context.shortMs })
      const other = await context.connect()
      const successor = await turnOf(context, other, claimOf(context), 3 * past(context, context.shortMs))
      const answer = await renew(store, dead.ref, context.longMs)
      assertGone(answer)
      await assertStillHeld(successor)
      await refused(context, store)
    },
  },
  {
    name: 'a leave after expiry says gone and takes nothing from the successor',
    trap: 'a release without an owner check frees the successor',
    async run(context) {
      const store = await context.connect()
      const dead = await hold(context, store, { ttlMs: context.shortMs })
      const successor = await turnOf(context, store, claimOf(context), 3 * past(context, context.shortMs))
      assert.equal(await store.leave(dead.ref), 'gone')
      assert.equal(await store.leave({ resource: dead.ref.resource, id: dead.claim.id }), 'gone')
      await assertStillHeld(successor)
    },
  },
  {
    name: 'a leave after expiry says gone even if nobody came',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store, { ttlMs: context.shortMs })
      await context.advance(past(context, context.shortMs))
      assert.equal(await store.leave(ref), 'gone')
      assert.ok(await isFree(context, store))
    },
  },
  {
    name: 'after expiry the lock-delay passes before anybody else gets the lock, and a late leave does not cut it short',
    trap: 'a zombie that releases after its expiry ends the delay that protects against it',
    needs: ['lockDelay'],
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store, { ttlMs: context.shortMs, lockDelayMs: 4 * context.shortMs })
      await context.advance(past(context, context.shortMs))
      assert.equal(await store.leave(ref), 'gone')
      assertGone(await renew(store, ref, context.longMs))
      await refused(context, store)
      await context.advance(4 * context.shortMs)
      await turnOf(context, store, claimOf(context), 3 * context.shortMs)
    },
  },
  {
    name: 'a release in time has no lock-delay',
    needs: ['lockDelay'],
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store, { lockDelayMs: context.longMs })
      assert.equal(await store.leave(ref), 'left')
      assert.ok(await isFree(context, store))
    },
  },
  {
    name: 'a waiter takes over from a holder that died',
    async run(context) {
      const store = await context.connect()
      const dead = await hold(context, await context.connect(), { ttlMs: context.shortMs })
      const waiter = await wait(context, store)
      const holder = await turnOf(context, store, waiter.claim, 3 * past(context, context.shortMs))
      assert.ok(holder.token > dead.token)
    },
  },
  {
    name: 'a waiter that is not renewed loses its place, and the one behind it gets the turn',
    trap: 'a dead waiter at the head stops the line for ever',
    needs: ['order'],
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      const dead = await wait(context, await context.connect(), { ttlMs: context.shortMs })
      const living = await wait(context, store)
      const lifeMs = dead.standing.lifeMs ?? 0
      assert.ok(lifeMs > 0, 'a store that keeps an order keeps places, and says for how long')
      for (let part = 0; part < 4; part += 1) {
        await context.advance(past(context, lifeMs) / 4)
        assert.equal((await renew(store, living.ref, context.longMs)).kind, 'queued')
      }
      assertGone(await renew(dead.store, dead.ref, context.shortMs))
      await store.leave(holder.ref)
      const next = await store.enter(living.claim)
      assert.equal(next.kind, 'held')
    },
  },
  {
    name: 'a client whose wall clock is wrong by ten minutes loses nothing and takes nothing',
    trap: 'the time of the client is sent to the server: its leases expire at once, or everybody else’s do',
    async run(context) {
      const right = await context.connect()
      const ahead = await context.connect(wrongClock(context.clock, 600_000))
      const behind = await context.connect(wrongClock(context.clock, -600_000))
      for (const [store, others] of [
        [right, [ahead, behind]],
        [ahead, [right, behind]],
        [behind, [right, ahead]],
      ] as const) {
        const holder = await hold(context, store)
        for (const other of others) await refused(context, other)
        await assertStillHeld(holder)
        assert.equal(await store.leave(holder.ref), 'left')
      }
    },
  },
])
