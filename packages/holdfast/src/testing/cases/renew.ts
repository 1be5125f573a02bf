/** Renewal: of holders and waiters alike, each judged by itself, and never of what has ended. */
import assert from 'node:assert/strict'
import { newClaimId } from '../../store/claim.ts'
import { HoldfastError } from '../../store/errors.ts'
import { type Case, casesOf } from '../case.ts'
import { answered, asHeld, assertGone, assertStillHeld, hold, past, refused, renew, wait } from '../steps.ts'

export const renewal: readonly Case[] = casesOf('renew', [
  {
    name: 'a lease that is renewed outlives its ttl many times over, with one token',
    trap: 'the token changes with a heartbeat',
    async run(context) {
      const store = await context.connect()
      const { ref, token } = await hold(context, store, { ttlMs: context.shortMs })
      for (let part = 0; part < 12; part += 1) {
        await context.advance(context.shortMs / 5)
        assert.equal(asHeld(await renew(store, ref, context.shortMs)).token, token)
      }
      await refused(context, await context.connect())
    },
  },
  {
    name: 'a renewal gives the whole ttl again, counted from the renewal',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store, { ttlMs: context.shortMs })
      await context.advance(context.shortMs / 2)
      const before = context.clock.monotonicMs()
      const standing = asHeld(await renew(store, ref, context.shortMs))
      const { per, granularityMs } = context.facts.ttl
      // A session may answer from a keepalive younger than a sixth of the ttl, and its stamp says so.
      assert.ok(standing.askedAt.monotonicMs >= before - (per === 'session' ? context.shortMs / 6 : 0))
      assert.ok(standing.askedAt.monotonicMs <= context.clock.monotonicMs())
      assert.ok(standing.lifeMs > context.shortMs - 1 && standing.lifeMs <= context.shortMs + granularityMs + 1)
      assert.equal(standing.provisional, false)
    },
  },
  {
    name: 'a hundred renewals do not change the token',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      for (let count = 0; count < 100; count += 1) await assertStillHeld(holder)
    },
  },
  {
    name: 'the same renewal twice at once is harmless',
    trap: 'a renewal whose reply was lost counts as a loss',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      await Promise.all([assertStillHeld(holder), assertStillHeld(holder)])
      await assertStillHeld(holder)
    },
  },
  {
    name: 'a renewal with a wrong token is gone and changes nothing',
    trap: 'a stale holder renews the lease of its successor',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      assertGone(await renew(store, { ...holder.ref, token: holder.token - 1n }, context.longMs))
      assertGone(await renew(store, { ...holder.ref, token: holder.token + 1n }, context.longMs))
      await assertStillHeld(holder)
    },
  },
  {
    name: 'a renewal of an id that never arrived is gone and makes no claim',
    trap: 'a renewal that is an upsert',
    async run(context) {
      const store = await context.connect()
      const resource = context.resource()
      assertGone(await renew(store, { resource, id: newClaimId(), token: 5n }, context.longMs))
      assertGone(await renew(store, { resource, id: newClaimId() }, context.longMs))
      assert.deepEqual((await store.look(resource)).claims, [])
    },
  },
  {
    name: 'a released claim cannot be renewed',
    trap: 'a renewal under way revives what was released meanwhile',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store)
      await store.leave(ref)
      assertGone(await renew(store, ref, context.longMs))
      assert.deepEqual((await store.look(ref.resource)).claims, [])
    },
  },
  {
    name: 'each claim of a batch is judged by itself and answered in its place',
    async run(context) {
      const store = await context.connect()
      const at = (name: string) => ({ resource: context.resource(name) })
      const one = await hold(context, store, at('one'))
      const left = await hold(context, store, at('two'))
      await store.leave(left.ref)
      const three = await hold(context, store, at('three'))
      const waiter = await wait(context, store, at('three'))
      const refs = [one.ref, left.ref, { ...one.ref, token: 1n }, three.ref, waiter.ref, one.ref]
      const answers = await store.renew(refs.map((ref) => ({ ref, ttlMs: context.longMs })))
      const kinds = answers.map((answer) => (answer instanceof HoldfastError ? answer.code : answer.kind))
      // A store that keeps no places has nothing to renew for a waiter.
      const forWaiter = waiter.standing.lifeMs === undefined ? kinds[4] : 'queued'
      assert.deepEqual(kinds, ['held', 'gone', 'gone', 'held', forWaiter, 'held'])
      assert.equal(asHeld(answered(answers[0])).token, one.token)
      assert.equal(asHeld(answered(answers[3])).token, three.token)
    },
  },
  {
    name: 'a batch of two hundred is answered in order, and an empty one with nothing',
    async run(context) {
      const store = await context.connect()
      assert.deepEqual(await store.renew([]), [])
      const holders = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          hold(context, store, { resource: context.resource(`lock-${index}`) }),
        ),
      )
      const answers = await store.renew(holders.map(({ ref }) => ({ ref, ttlMs: context.longMs })))
      assert.deepEqual(
        answers.map((answer) => asHeld(answered(answer)).token),
        holders.map(({ token }) => token),
      )
    },
  },
  {
    name: 'a renewal keeps a waiter in its place for longer than the place lives by itself',
    needs: ['order'],
    async run(context) {
      const store = await context.connect()
      await hold(context, store)
      const first = await wait(context, store, { ttlMs: context.shortMs })
      const { lifeMs } = first.standing
      assert.ok(lifeMs !== undefined, 'a store that keeps an order keeps places, and says for how long')
      // A place may be taken over much later than it ends, and is renewed in time all the same.
      const longMs = (past(context, lifeMs) * 5) / 3
      for (let passedMs = 0; passedMs < longMs; passedMs += lifeMs / 3) {
        await context.advance(lifeMs / 3)
        const standing = await renew(store, first.ref, context.shortMs)
        assert.ok(standing.kind === 'queued', `the waiter must stay queued, but it is ${standing.kind}`)
        assert.equal(standing.ahead, 0)
      }
    },
  },
  {
    name: 'a renewal replaces the public note when it brings one, and keeps it when it brings none',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store, { note: 'first' })
      const noteNow = async (): Promise<string | undefined> => (await store.look(ref.resource)).claims[0]?.note
      assert.equal(await noteNow(), 'first')
      asHeld(await renew(store, ref, context.longMs, 'second'))
      assert.equal(await noteNow(), 'second')
      asHeld(await renew(store, ref, context.longMs))
      assert.equal(await noteNow(), 'second')
      asHeld(await renew(store, ref, context.longMs, ''))
      assert.equal(await noteNow(), '')
    },
  },
])
