/** A claim is given back once, by its maker, and that never costs another claim anything. */
import assert from 'node:assert/strict'
import { newClaimId } from '../../store/claim.ts'
import { type Case, casesOf } from '../case.ts'
import { assertGone, assertStillHeld, claimOf, hold, isFree, liveIds, refused, renew, turnOf, wait } from '../steps.ts'

export const leaving: readonly Case[] = casesOf('leave', [
  {
    name: 'a leave frees the lock at once',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store)
      assert.equal(await store.leave(ref), 'left')
      assert.ok(await isFree(context, await context.connect()))
    },
  },
  {
    name: 'a leave that is repeated says gone and does not touch the successor',
    trap: 'a release whose reply was lost is repeated and deletes the successor',
    async run(context) {
      const store = await context.connect()
      const first = await hold(context, store)
      await store.leave(first.ref)
      const successor = await hold(context, await context.connect())
      assert.equal(await store.leave(first.ref), 'gone')
      assert.equal(await store.leave({ resource: first.ref.resource, id: first.claim.id }), 'gone')
      await assertStillHeld(successor)
    },
  },
  {
    name: 'a late leave of the first of two attempts in one process does not end the second',
    trap: 'an owner id per process',
    async run(context) {
      const store = await context.connect()
      const first = await hold(context, store)
      await store.leave(first.ref)
      const second = await hold(context, store)
      assert.equal(await store.leave(first.ref), 'gone')
      await refused(context, store)
      await assertStillHeld(second)
    },
  },
  {
    name: 'a leave of an id that never arrived says gone and does nothing',
    async run(context) {
      const store = await context.connect()
      const resource = context.resource()
      assert.equal(await store.leave({ resource, id: newClaimId() }), 'gone')
      const holder = await hold(context, store)
      assert.equal(await store.leave({ resource, id: newClaimId() }), 'gone')
      assert.equal(await store.leave({ resource, id: newClaimId(), token: holder.token }), 'gone')
      await assertStillHeld(holder)
    },
  },
  {
    name: 'a leave with a wrong token says gone and does nothing',
    trap: 'a release without an owner check',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      assert.equal(await store.leave({ ...holder.ref, token: holder.token - 1n }), 'gone')
      assert.equal(await store.leave({ ...holder.ref, token: holder.token + 1n }), 'gone')
      await assertStillHeld(holder)
    },
  },
  {
    name: 'a leave without a token ends the claim, for a maker that never heard what it got',
    async run(context) {
      const store = await context.connect()
      const claim = claimOf(context)
      await store.enter(claim)
      assert.equal(await store.leave({ resource: claim.resource, id: claim.id }), 'left')
      assert.ok(await isFree(context, store))
    },
  },
  {
    name: 'the same leave many times at once ends one claim, once',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store)
      const answers = await Promise.all(Array.from({ length: 6 }, () => store.leave(ref)))
      assert.equal(answers.filter((answer) => answer === 'left').length, 1)
      assert.ok(await isFree(context, store))
    },
  },
  {
    name: 'a waiter that left is out of the line, and its leave says so',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      const waiter = await wait(context, store)
      const answer = await store.leave(waiter.ref)
      // A store that keeps no places has nothing that could leave.
      if (waiter.standing.lifeMs !== undefined) assert.equal(answer, 'left')
      assert.equal(await store.leave(waiter.ref), 'gone')
      assert.equal((await liveIds(store, holder.ref.resource)).length, 1)
      await assertStillHeld(holder)
    },
  },
  {
    name: 'a minimum hold keeps others out after the leave, and the claim itself is over',
    needs: ['minimumHold'],
    async run(context) {
      const store = await context.connect()
      const first = await hold(context, store)
      assert.equal(await store.leave(first.ref, { keepMs: 2 * context.shortMs }), 'left')
      assertGone(await renew(store, first.ref, context.longMs))
      assert.equal(await store.leave(first.ref), 'gone')
      await refused(context, await context.connect())
      await context.advance(context.shortMs)
      const second = await turnOf(context, store, claimOf(context), 4 * context.shortMs)
      assert.ok(second.token > first.token)
    },
  },
  {
    name: 'a waiter that waits through a minimum hold gets the turn after it, and no lock-delay is added',
    needs: ['minimumHold', 'lockDelay', 'order'],
    async run(context) {
      const store = await context.connect()
      const first = await hold(context, store, { lockDelayMs: context.longMs })
      const waiter = await wait(context, await context.connect())
      await store.leave(first.ref, { keepMs: context.shortMs })
      const again = await waiter.store.enter(waiter.claim)
      assert.equal(again.kind, 'queued')
      await turnOf(context, waiter.store, waiter.claim, 3 * context.shortMs)
    },
  },
])
