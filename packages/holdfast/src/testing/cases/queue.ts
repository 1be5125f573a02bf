/** Who waits, in which order turns come, and who must not wait at all. */
import assert from 'node:assert/strict'
import type { OpenStore } from '../../store/store.ts'
import { type Case, casesOf } from '../case.ts'
import { claimOf, hold, isFree, liveIds, refused, shown, turnOf, type WaitingClaimant, wait } from '../steps.ts'

const TURN_MS = 5_000

export const queue: readonly Case[] = casesOf('queue', [
  {
    name: 'a claim that may not wait is refused and leaves no trace',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      await refused(context, store)
      await refused(context, await context.connect())
      assert.deepEqual(await liveIds(store, holder.ref.resource), [shown(holder.claim.id)])
      await store.leave(holder.ref)
      assert.ok(await isFree(context, store))
      assert.deepEqual(await liveIds(store, holder.ref.resource), [])
    },
  },
  {
    name: 'of many claims at the same moment exactly one holds',
    trap: 'check and set in two steps',
    async run(context) {
      const stores = await Promise.all(Array.from({ length: 4 }, () => context.connect()))
      const asks = Array.from({ length: 24 }, (_, index) =>
        (stores[index % stores.length] as OpenStore).enter(claimOf(context, { queue: false })),
      )
      const held = (await Promise.all(asks)).filter(({ kind }) => kind === 'held')
      assert.equal(held.length, 1)
    },
  },
  {
    name: 'turns come in the order of arrival, across clients',
    needs: ['order'],
    async run(context) {
      const stores = [await context.connect(), await context.connect(), await context.connect()]
      let holder = await hold(context, stores[0] as OpenStore)
      const waiters: WaitingClaimant[] = []
      for (let index = 0; index < 9; index += 1) {
        waiters.push(await wait(context, stores[index % stores.length] as OpenStore))
      }
      for (const waiter of waiters) {
        await holder.store.leave(holder.ref)
        await refused(context, stores[0] as OpenStore)
        holder = await turnOf(context, waiter.store, waiter.claim, TURN_MS)
      }
      await holder.store.leave(holder.ref)
      assert.deepEqual(await liveIds(holder.store, holder.ref.resource), [])
    },
  },
  {
    name: 'a waiter knows how many wait in front of it',
    needs: ['order'],
    async run(context) {
      const store = await context.connect()
      await hold(context, store)
      for (let ahead = 0; ahead < 3; ahead += 1) assert.equal((await wait(context, store)).standing.ahead, ahead)
    },
  },
  {
    name: 'a newcomer does not overtake those who wait',
    trap: 'a lock that is free for a moment goes to whoever polls first',
    needs: ['order'],
    async run(context) {
      const store = await context.connect()
      const newcomer = await context.connect()
      const holder = await hold(context, store)
      const waiter = await wait(context, store)
      await store.leave(holder.ref)
      await refused(context, newcomer)
      await turnOf(context, store, waiter.claim, TURN_MS)
    },
  },
  {
    name: 'a waiter that left is never granted',
    trap: 'a cancelled wait leaves a contender behind that is granted to nobody',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      const waiter = await wait(context, await context.connect())
      await waiter.store.leave(waiter.ref)
      await store.leave(holder.ref)
      assert.ok(await isFree(context, store))
      assert.deepEqual(await liveIds(store, holder.ref.resource), [])
    },
  },
  {
    name: 'a waiter that leaves at the moment its turn comes leaves nothing behind',
    trap: 'acquired but timed out: the race of the timeout with the grant makes an orphan',
    async run(context) {
      const store = await context.connect()
      const other = await context.connect()
      for (let round = 0; round < 10; round += 1) {
        const holder = await hold(context, store)
        const waiter = await wait(context, other)
        await Promise.all([store.leave(holder.ref), other.leave(waiter.ref)])
        assert.deepEqual(await liveIds(store, holder.ref.resource), [], `round ${round}`)
      }
    },
  },
  {
    name: 'a waiter in the middle that leaves lets those behind it move up',
    needs: ['order'],
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      const leaver = await wait(context, store)
      const stayer = await wait(context, store)
      await store.leave(leaver.ref)
      const again = await store.enter(stayer.claim)
      assert.ok(again.kind === 'queued')
      assert.equal(again.ahead, 0)
      await store.leave(holder.ref)
      await turnOf(context, store, stayer.claim, TURN_MS)
    },
  },
  {
    name: 'four clients that take turns are never inside together, and every turn has a higher token',
    trap: 'an unprotected counter, incremented under the lock, loses updates',
    async run(context) {
      const stores = await Promise.all(Array.from({ length: 4 }, () => context.connect()))
      const tokens: bigint[] = []
      let inside = 0
      let counter = 0
      const worker = async (store: OpenStore): Promise<void> => {
        for (let round = 0; round < 5; round += 1) {
          const { ref, token } = await turnOf(context, store, claimOf(context), 40_000)
          assert.equal((inside += 1), 1, 'two are inside together')
          const read = counter
          tokens.push(token)
          await Promise.resolve()
          counter = read + 1
          inside -= 1
          await store.leave(ref)
        }
      }
      await Promise.all(stores.map(worker))
      assert.equal(counter, 20)
      assert.deepEqual(
        tokens,
        tokens.toSorted((one, other) => (one < other ? -1 : 1)),
      )
      assert.equal(new Set(tokens).size, tokens.length)
    },
  },
])
