/** Several at once: permits, readers and writers, members. One rule, seen from each recipe. */
import assert from 'node:assert/strict'
import { READERS_CAPACITY } from '../../store/limits.ts'
import type { Claim } from '../../store/claim.ts'
import { type Case, casesOf } from '../case.ts'
import { hold, isFree, past, refused, renew, turnOf, wait, assertStillHeld, claimOf } from '../steps.ts'

const TURN_MS = 5_000
const permits = (weight: number, capacity = 3): Partial<Claim> => ({ weight, capacity })
const reader: Partial<Claim> = { weight: 1, capacity: READERS_CAPACITY }
const writer: Partial<Claim> = { weight: READERS_CAPACITY, capacity: READERS_CAPACITY }
const member: Partial<Claim> = { weight: 0, capacity: 1 }

export const weights: readonly Case[] = casesOf('weights', [
  {
    name: 'a semaphore gives as many permits as it has, and a returned one to the next',
    needs: ['semaphore'],
    async run(context) {
      const store = await context.connect()
      const other = await context.connect()
      const holders = [
        await hold(context, store, permits(1)),
        await hold(context, other, permits(1)),
        await hold(context, store, permits(1)),
      ]
      await refused(context, other, permits(1))
      assert.equal(new Set(holders.map(({ token }) => token)).size, 3, 'each permit has a token of its own')
      assert.equal(await holders[1]?.store.leave(holders[1].ref), 'left')
      const next = await hold(context, other, permits(1))
      assert.ok(holders.every(({ token }) => token < next.token))
      for (const holder of [holders[0], holders[2], next]) if (holder !== undefined) await assertStillHeld(holder)
    },
  },
  {
    name: 'a permit that was asked for twice is one permit',
    trap: 'a lost reply takes two permits',
    needs: ['semaphore'],
    async run(context) {
      const store = await context.connect()
      const claim = claimOf(context, permits(1, 2))
      await store.enter(claim)
      await store.enter(claim)
      await hold(context, store, permits(1, 2))
      await refused(context, store, permits(1, 2))
    },
  },
  {
    name: 'several permits at once are all or none',
    needs: ['semaphore'],
    async run(context) {
      const store = await context.connect()
      const two = await hold(context, store, permits(2))
      await refused(context, store, permits(2))
      await hold(context, store, permits(1))
      await store.leave(two.ref)
      await hold(context, store, permits(2))
      await refused(context, store, permits(1))
    },
  },
  {
    name: 'a small claim does not barge past a large one that waits',
    trap: 'small claims starve a large one',
    needs: ['semaphore', 'order'],
    async run(context) {
      const store = await context.connect()
      const two = await hold(context, store, permits(2))
      const large = await wait(context, store, permits(3))
      await refused(context, store, permits(1))
      const small = await wait(context, store, permits(1))
      await store.leave(two.ref)
      const holder = await turnOf(context, store, large.claim, TURN_MS)
      assert.equal((await store.enter(small.claim)).kind, 'queued')
      await store.leave(holder.ref)
      await turnOf(context, store, small.claim, TURN_MS)
    },
  },
  {
    name: 'one leave lets in as many as fit',
    needs: ['semaphore', 'order'],
    async run(context) {
      const store = await context.connect()
      const all = await hold(context, store, permits(3))
      const waiters = [
        await wait(context, store, permits(1)),
        await wait(context, store, permits(2)),
        await wait(context, store, permits(1)),
      ]
      await store.leave(all.ref)
      const states = (await store.look(all.ref.resource)).claims.map(({ state }) => state)
      assert.deepEqual(states, ['held', 'held', 'waiting'], 'handed over by the leave itself')
      const kinds: string[] = []
      for (const { claim } of waiters) kinds.push((await store.enter(claim)).kind)
      assert.deepEqual(kinds, ['held', 'held', 'queued'])
    },
  },
  {
    name: 'the permit of a crashed holder comes back',
    needs: ['semaphore'],
    async run(context) {
      const store = await context.connect()
      const living = await hold(context, store, permits(1, 2))
      await hold(context, await context.connect(), { ...permits(1, 2), ttlMs: context.shortMs })
      await refused(context, store, permits(1, 2))
      await turnOf(context, store, claimOf(context, permits(1, 2)), 3 * past(context, context.shortMs))
      await assertStillHeld(living)
    },
  },
  {
    name: 'a claim with another capacity is refused and told the real one',
    trap: 'clients with different limits run one semaphore',
    needs: ['semaphore'],
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store, permits(1, 3))
      for (const changes of [permits(1, 5), permits(1, 1)]) {
        const standing = await store.enter(claimOf(context, changes))
        assert.deepEqual(standing, { kind: 'refused', because: 'capacity', capacity: 3 })
      }
      await store.leave(holder.ref)
      assert.ok(await isFree(context, store, permits(1, 5)), 'an empty line takes any capacity')
    },
  },
  {
    name: 'readers hold together, and a writer holds alone',
    needs: ['readWrite'],
    async run(context) {
      const store = await context.connect()
      const other = await context.connect()
      const readers = [await hold(context, store, reader), await hold(context, other, reader)]
      await refused(context, store, writer)
      for (const { store: at, ref } of readers) await at.leave(ref)
      const alone = await hold(context, other, writer)
      await refused(context, store, reader)
      await refused(context, store, writer)
      await other.leave(alone.ref)
      await hold(context, store, reader)
    },
  },
  {
    name: 'a writer that waits stops new readers, and gets the lock when the old ones are gone',
    trap: 'readers starve a writer',
    needs: ['readWrite', 'order'],
    async run(context) {
      const store = await context.connect()
      const first = await hold(context, store, reader)
      const second = await hold(context, store, reader)
      const writing = await wait(context, await context.connect(), writer)
      await refused(context, store, reader)
      await store.leave(first.ref)
      assert.equal((await writing.store.enter(writing.claim)).kind, 'queued')
      await store.leave(second.ref)
      const holder = await turnOf(context, writing.store, writing.claim, TURN_MS)
      assert.ok(holder.token > second.token)
    },
  },
  {
    name: 'a crashed reader frees the writer in time, although other readers go on renewing',
    trap: 'one ttl for all readers: the living keep the dead alive',
    needs: ['readWrite', 'order'],
    async run(context) {
      const store = await context.connect()
      const living = await hold(context, store, reader)
      await hold(context, await context.connect(), { ...reader, ttlMs: context.shortMs })
      const writing = await wait(context, store, writer)
      for (let third = 0; third < 4; third += 1) {
        await context.advance(past(context, context.shortMs) / 3)
        await assertStillHeld(living)
        assert.equal((await renew(store, writing.ref, context.longMs)).kind, 'queued')
      }
      await store.leave(living.ref)
      assert.equal((await store.enter(writing.claim)).kind, 'held', 'the dead reader must have been dropped by now')
    },
  },
  {
    name: 'members of a group all hold, each with a token of its own, and keep nobody out',
    needs: ['members'],
    async run(context) {
      const store = await context.connect()
      const members = [
        await hold(context, store, { ...member, note: 'a' }),
        await hold(context, await context.connect(), { ...member, note: 'b' }),
        await hold(context, store, { ...member, note: 'c' }),
      ]
      assert.equal(new Set(members.map(({ token }) => token)).size, 3)
      const { claims } = await store.look(context.resource())
      assert.deepEqual(claims.map(({ note }) => note).toSorted(), ['a', 'b', 'c'])
      for (const { store: at, ref } of members) assert.equal(await at.leave(ref), 'left')
      assert.deepEqual((await store.look(context.resource())).claims, [])
    },
  },
  {
    name: 'a member that stops renewing drops out, and the others stay',
    needs: ['members'],
    async run(context) {
      const store = await context.connect()
      await hold(context, store, { ...member, note: 'dead', ttlMs: context.shortMs })
      const living = await hold(context, store, { ...member, note: 'living' })
      await context.advance(past(context, context.shortMs))
      await assertStillHeld(living)
      const notes = (await store.look(living.ref.resource)).claims.map(({ note }) => note)
      assert.deepEqual(notes, ['living'])
    },
  },
])
