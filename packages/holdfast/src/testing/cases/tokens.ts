/** The fencing token rises strictly with every grant of a resource, is exact, and belongs to one claim. */
import assert from 'node:assert/strict'
import { TOKEN_MAX } from '../../store/limits.ts'
import { type Case, casesOf } from '../case.ts'
import { assertGone, claimOf, hold, past, renew, turnOf, wait, wrongClock } from '../steps.ts'

const CYCLES = 1_000
const TURN_MS = 5_000
const DAY_MS = 24 * 60 * 60 * 1000

export const tokens: readonly Case[] = casesOf('tokens', [
  {
    name: 'the token rises strictly over a thousand rounds of taking and giving back',
    trap: 'deleting the record of a free lock resets its counter',
    async run(context) {
      const stores = [await context.connect(), await context.connect()]
      let last = 0n
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        const store = stores[cycle % 2] ?? (await context.connect())
        const { ref, token } = await hold(context, store)
        assert.ok(token > last, `${token} after ${last} in round ${cycle}`)
        last = token
        await store.leave(ref)
      }
    },
  },
  {
    name: 'the token rises whichever way the lock is got: free, handed over, after an expiry, after an eviction',
    trap: 'two definitions of the token on one store',
    async run(context) {
      const store = await context.connect()
      const other = await context.connect()
      const free = await hold(context, store)
      const waiter = await wait(context, other)
      await store.leave(free.ref)
      const handed = await turnOf(context, other, waiter.claim, TURN_MS)
      await other.leave(handed.ref)
      const dying = await hold(context, store, { ttlMs: context.shortMs })
      const late = await turnOf(context, other, claimOf(context), 3 * past(context, context.shortMs))
      await store.evict(late.ref.resource, late.token, 'for the test')
      const last = await turnOf(context, store, claimOf(context), TURN_MS)
      const all = [free, handed, dying, late, last].map(({ token }) => token)
      for (let index = 1; index < all.length; index += 1)
        assert.ok((all[index] ?? 0n) > (all[index - 1] ?? 0n), all.join(' '))
    },
  },
  {
    name: 'whoever is granted later has the higher token, also when it asked first',
    trap: 'a token that is drawn before the grant',
    async run(context) {
      const store = await context.connect()
      const other = await context.connect()
      const holder = await hold(context, store)
      const early = await wait(context, store)
      const late = await wait(context, other)
      await store.leave(early.ref)
      await store.leave(holder.ref)
      const lateHolder = await turnOf(context, other, late.claim, TURN_MS)
      assert.ok(lateHolder.token > holder.token)
      await other.leave(lateHolder.ref)
      const again = await hold(context, store)
      assert.ok(again.token > lateHolder.token)
    },
  },
  {
    name: 'the old holder is never answered the token of its successor',
    trap: 'a token that is read again from the store',
    async run(context) {
      const store = await context.connect()
      const dead = await hold(context, store, { ttlMs: context.shortMs })
      await turnOf(context, store, claimOf(context), 3 * past(context, context.shortMs))
      assertGone(await renew(store, dead.ref, context.longMs))
      assertGone(await renew(store, { resource: dead.ref.resource, id: dead.claim.id }, context.longMs))
    },
  },
  {
    name: 'a token is exact: a positive bigint of at most 63 bits, the same in every answer',
    trap: 'tokens beyond 2^53 are rounded on their way through a number',
    async run(context) {
      const store = await context.connect()
      const { ref, token } = await hold(context, store)
      assert.equal(typeof token, 'bigint')
      assert.ok(token > 0n && token <= TOKEN_MAX)
      const answer = await renew(store, ref, context.longMs)
      assert.ok(answer.kind === 'held')
      assert.equal(answer.token, token)
      const view = await store.look(ref.resource)
      assert.equal(view.claims[0]?.token, token)
      assert.ok(view.lastToken === token || view.lastToken === 0n, 'exact, or said to be unknown')
    },
  },
  {
    name: 'the token rises although every client went away in between',
    trap: 'a counter that lives in the client',
    async run(context) {
      const first = await context.connect()
      const before = await hold(context, first)
      await first.leave(before.ref)
      await first.close()
      const after = await hold(context, await context.connect())
      assert.ok(after.token > before.token)
    },
  },
  {
    name: 'the token rises although nobody wanted the lock for a long time',
    trap: 'the record of an unused lock expires, and its counter with it',
    async run(context) {
      const store = await context.connect()
      let last = 0n
      // The first time at once: nothing but the store's memory can make it rise. Then after its lease would have ended.
      for (const idleMs of [0, 2 * context.shortMs, 0]) {
        await context.advance(idleMs)
        for (let other = 0; other < 50; other += 1) {
          const { ref } = await hold(context, store, { resource: context.resource(`other-${other}`) })
          await store.leave(ref)
        }
        const { ref, token } = await hold(context, store, { ttlMs: context.shortMs })
        assert.ok(token > last, `${token} after ${last}`)
        last = token
        await store.leave(ref)
      }
    },
  },
  {
    name: 'a client whose wall clock is two days ahead takes no tokens along, neither of its name nor of others',
    trap: 'one grant under a wrong clock, and guards refuse everybody for days',
    async run(context) {
      const right = await context.connect()
      const before = await hold(context, right)
      await right.leave(before.ref)
      const ahead = await context.connect(wrongClock(context.clock, 2 * DAY_MS))
      const claim = claimOf(context, { queue: false })
      // It is granted or refused, and either is right.
      await ahead.enter(claim).catch(() => undefined)
      await ahead.leave({ resource: claim.resource, id: claim.id })
      for (const name of ['lock', 'never-used-before']) {
        const { ref, token } = await hold(context, right, { resource: context.resource(name) })
        const aheadMs = Number(token / 1000n) - context.clock.wallMs()
        assert.ok(aheadMs < DAY_MS / 2, `${name}: ${token} is ${aheadMs} ms ahead of the clock`)
        await right.leave(ref)
      }
    },
  },
])
