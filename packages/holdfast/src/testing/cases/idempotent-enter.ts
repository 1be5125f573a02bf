/** One id never makes two live claims, however often and however late its question arrives. */
import assert from 'node:assert/strict'
import { casesOf, type Case } from '../case.ts'
import {
  asHeld,
  assertGone,
  assertStillHeld,
  claimOf,
  hold,
  isFree,
  liveIds,
  refused,
  renew,
  shown,
  turnOf,
  wait,
} from '../steps.ts'

export const idempotentEnter: readonly Case[] = casesOf('idempotent-enter', [
  {
    name: 'an ask whose answer was lost is asked again and makes one claim',
    trap: 'the orphan of a lost reply shuts out its own maker',
    async run(context) {
      const store = await context.connect()
      const claim = claimOf(context)
      await store.enter(claim)
      asHeld(await store.enter(claim))
      assert.deepEqual(await liveIds(store, claim.resource), [shown(claim.id)])
      await refused(context, await context.connect())
    },
  },
  {
    name: 'one leave ends a claim that was asked for twice',
    trap: 'a lost reply leaves a second record that only its ttl removes',
    async run(context) {
      const store = await context.connect()
      const claim = claimOf(context)
      await store.enter(claim)
      const { token } = asHeld(await store.enter(claim))
      assert.equal(await store.leave({ resource: claim.resource, id: claim.id, token }), 'left')
      assert.ok(await isFree(context, await context.connect()))
    },
  },
  {
    name: 'one id asked for many times at once makes one claim',
    async run(context) {
      const store = await context.connect()
      const claim = claimOf(context)
      await Promise.all(Array.from({ length: 8 }, () => store.enter(claim)))
      assert.deepEqual(await liveIds(store, claim.resource), [shown(claim.id)])
      await store.leave({ resource: claim.resource, id: claim.id })
      assert.ok(await isFree(context, store))
    },
  },
  {
    name: 'a waiter that asks again stands in line once and keeps its place',
    needs: ['order'],
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      const first = await wait(context, store)
      const second = await wait(context, store)
      const again = await store.enter(first.claim)
      assert.ok(again.kind === 'queued')
      assert.equal(again.ahead, 0)
      const expected = [holder, first, second].map(({ claim }) => shown(claim.id))
      assert.deepEqual(await liveIds(store, holder.ref.resource), expected)
    },
  },
  {
    name: 'two attempts of one client are two claims',
    trap: 'an identity per process, session or thread lets two users of one process in together',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      await refused(context, store)
      await assertStillHeld(holder)
    },
  },
  {
    name: 'a delayed duplicate of an ask that arrives after its leave never revives the claim',
    trap: 'a late duplicate brings back the old token',
    async run(context) {
      const store = await context.connect()
      const first = await hold(context, store, { ttlMs: context.shortMs })
      await store.leave(first.ref)
      const late = await store.enter(first.claim)
      if (late.kind === 'held') assert.ok(late.token > first.token, 'a new claim has a new, higher token')
      else assertGone(late)
      assertGone(await renew(store, first.ref, context.shortMs))
      assert.equal(await store.leave(first.ref), 'gone')
      await store.leave({ resource: first.ref.resource, id: first.claim.id })
      await turnOf(context, store, claimOf(context), 3 * context.shortMs)
    },
  },
  {
    name: 'an ask that arrives after it was given up does not block the lock for longer than its lease',
    trap: 'a cancelled attempt is granted to nobody',
    async run(context) {
      const store = await context.connect()
      const claim = claimOf(context, { ttlMs: context.shortMs })
      await store.leave({ resource: claim.resource, id: claim.id }, { outcomeUnknown: true })
      await store.enter(claim)
      await turnOf(context, await context.connect(), claimOf(context), 3 * context.shortMs)
    },
  },
  {
    name: 'one id in two resources is two claims',
    async run(context) {
      const store = await context.connect()
      const one = await hold(context, store, { resource: context.resource('one') })
      const two = await hold(context, store, { resource: context.resource('two'), id: one.claim.id })
      await store.leave(one.ref)
      await assertStillHeld(two)
    },
  },
  {
    name: 'an answer counts from before the ask, on the clock of the asker',
    trap: 'a life that counts from the answer outlives the lease',
    async run(context) {
      const store = await context.connect()
      const before = context.clock.monotonicMs()
      const { standing } = await hold(context, store, { ttlMs: context.shortMs })
      const after = context.clock.monotonicMs()
      assert.ok(standing.askedAt.monotonicMs >= before && standing.askedAt.monotonicMs <= after)
      assert.ok(Math.abs(standing.askedAt.wallMs - context.clock.wallMs()) < 60_000)
      const { granularityMs } = context.facts.ttl
      assert.ok(standing.lifeMs > context.shortMs - 1, 'a ttl is rounded up, never down')
      assert.ok(standing.lifeMs <= context.shortMs + granularityMs + 1, `a life of ${standing.lifeMs} ms`)
    },
  },
])
