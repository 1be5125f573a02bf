/** Nothing is missed between two looks: a watch compares with what was seen, it does not wait for an event. */
import assert from 'node:assert/strict'
import type { Ref } from '../../store/claim.ts'
import type { OpenStore } from '../../store/store.ts'
import type { Hint, Standing } from '../../store/standing.ts'
import { type Case, casesOf, type Context } from '../case.ts'
import { asHeld, hold, renew, turnOf, wait, within } from '../steps.ts'

/** Longer than any engine needs to tell; a case ends as soon as it was told. */
const TOLD_MS = 5_000

const never = new AbortController().signal

function watchFor(context: Context, store: OpenStore, ref: Ref): Promise<Standing | Hint> {
  return within(context, TOLD_MS, 'to be told', store.watch(ref, never))
}

function observeFor(context: Context, store: OpenStore, resource: string, seen: string): Promise<string> {
  return within(context, TOLD_MS, 'to be told', store.observe(resource, seen, never))
}

/** Tells whether the answer lets the waiter through: a grant as it is, or a hint after which it asks again. */
async function granted(
  context: Context,
  store: OpenStore,
  told: Standing | Hint,
  claim: Parameters<OpenStore['enter']>[0],
) {
  if (told.kind === 'hint') return turnOf(context, store, claim, TOLD_MS)
  const { token } = asHeld(told)
  return { ref: { resource: claim.resource, id: claim.id, token }, token }
}

export const watching: readonly Case[] = casesOf('watch', [
  {
    name: 'a waiter is told that its turn came',
    needs: ['push'],
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, await context.connect())
      const waiter = await wait(context, store)
      const told = watchFor(context, store, waiter.ref)
      await holder.store.leave(holder.ref)
      const { token } = await granted(context, store, await told, waiter.claim)
      assert.ok(token > holder.token)
    },
  },
  {
    name: 'a turn that came before the watch began is told at once',
    trap: 'a message between the check and the subscription is missed',
    needs: ['push'],
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, await context.connect())
      const waiter = await wait(context, store)
      await holder.store.leave(holder.ref)
      await granted(context, store, await watchFor(context, store, waiter.ref), waiter.claim)
    },
  },
  {
    name: 'a waiter that was told of its turn and asks gets the same grant',
    needs: ['push'],
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      const waiter = await wait(context, store)
      await store.leave(holder.ref)
      const { token } = await granted(context, store, await watchFor(context, store, waiter.ref), waiter.claim)
      assert.equal((await turnOf(context, store, waiter.claim, TOLD_MS)).token, token)
    },
  },
  {
    name: 'a waiter whose standing did not change is told nothing',
    needs: ['push', 'order'],
    async run(context) {
      const store = await context.connect()
      await hold(context, store)
      const first = await wait(context, store)
      await wait(context, store)
      const told = store.watch(first.ref, never).then(({ kind }) => kind)
      await store.renew([{ ref: first.ref, ttlMs: context.longMs }])
      await context.advance(context.shortMs / 4)
      const answer = await Promise.race([told, context.advance(1).then(() => 'nothing')])
      // A hint may be early; a standing may not.
      assert.ok(answer === 'nothing' || answer === 'hint', `it was told ${answer}`)
    },
  },
  {
    name: 'a grant that was pushed is a real one: it can be renewed and left',
    needs: ['push'],
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, await context.connect())
      const waiter = await wait(context, store)
      const told = watchFor(context, store, waiter.ref)
      const beforeMs = context.clock.monotonicMs()
      await holder.store.leave(holder.ref)
      const answer = await told
      if (answer.kind === 'held') {
        assert.ok(answer.lifeMs > 0 && answer.lifeMs <= context.longMs + context.facts.ttl.granularityMs + 1)
        assert.ok(answer.askedAt.monotonicMs <= context.clock.monotonicMs())
        // The life may not reach further than one that the engine began after the leave was sent.
        assert.ok(answer.askedAt.monotonicMs >= beforeMs - context.longMs)
      }
      const { ref, token } = await granted(context, store, answer, waiter.claim)
      assert.equal(asHeld(await renew(store, ref, context.longMs)).token, token)
      assert.equal(await store.leave(ref), 'left')
    },
  },
  {
    name: 'a watch ends with a hint when its signal aborts, also when it was aborted before',
    needs: ['push'],
    async run(context) {
      const store = await context.connect()
      await hold(context, store)
      const { ref } = await wait(context, store)
      const controller = new AbortController()
      const pending = store.watch(ref, controller.signal)
      await context.advance(20)
      controller.abort(new Error('not needed any more'))
      assert.equal((await within(context, TOLD_MS, 'to end', pending)).kind, 'hint')
      const late = store.watch(ref, controller.signal)
      assert.equal((await within(context, TOLD_MS, 'to end', late)).kind, 'hint')
      const { version } = await store.look(ref.resource)
      const observer = store.observe(ref.resource, version, controller.signal)
      assert.equal(typeof (await within(context, TOLD_MS, 'to end', observer)), 'string')
    },
  },
  {
    name: 'a watch that was ended does not end the others',
    needs: ['push'],
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      const waiter = await wait(context, store)
      const controller = new AbortController()
      const ended = store.watch(waiter.ref, controller.signal)
      const other = watchFor(context, store, waiter.ref)
      controller.abort()
      await ended
      await store.leave(holder.ref)
      await granted(context, store, await other, waiter.claim)
    },
  },
  {
    name: 'a holder that watches learns that it was evicted',
    needs: ['push'],
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store)
      const told = watchFor(context, store, ref)
      assert.equal(await (await context.connect()).evict(ref.resource, ref.token, 'stuck since noon'), 'evicted')
      const answer = await told
      const final = answer.kind === 'hint' ? await renew(store, ref, context.longMs) : answer
      assert.deepEqual(final, { kind: 'gone', reason: 'stuck since noon' })
    },
  },
  {
    name: 'an observer is told when somebody comes, when a note changes and when somebody goes',
    needs: ['push'],
    async run(context) {
      const observer = await context.connect()
      const store = await context.connect()
      const resource = context.resource()
      let seen = await observer.look(resource)
      assert.equal(seen.claims.length, 0)
      const after = async (change: () => Promise<unknown>): Promise<void> => {
        const told = observeFor(context, observer, resource, seen.version)
        // Until it stands: a change during its first look is found by that look, and tells nothing of the watch.
        await context.advance(50)
        await change()
        assert.notEqual(await told, seen.version)
        seen = await observer.look(resource)
      }
      const holder = await hold(context, store)
      seen = await observer.look(resource)
      assert.equal(seen.claims.length, 1)
      await after(() => renew(store, holder.ref, context.longMs, 'at your service'))
      assert.equal(seen.claims[0]?.note, 'at your service')
      await after(() => store.leave(holder.ref))
      assert.equal(seen.claims.length, 0)
      await after(() => hold(context, store, { note: 'second' }))
      assert.equal(seen.claims[0]?.note, 'second')
    },
  },
  {
    name: 'an observer is told at once what happened since it looked',
    needs: ['push'],
    async run(context) {
      const observer = await context.connect()
      const resource = context.resource()
      const { version } = await observer.look(resource)
      const holder = await hold(context, await context.connect())
      assert.notEqual(await observeFor(context, observer, resource, version), version)
      const { version: held } = await observer.look(resource)
      await holder.store.leave(holder.ref)
      await hold(context, holder.store)
      assert.notEqual(await observeFor(context, observer, resource, held), held)
    },
  },
  {
    name: 'fifty waiters on two clients that only watch are served one after the other',
    trap: 'a wake-up is lost, or wakes the wrong one, and the rest wait for ever',
    needs: ['push', 'order'],
    async run(context) {
      const stores = [await context.connect(), await context.connect()]
      const first = await hold(context, await context.connect())
      let inside = 0
      let last = first.token
      const turns = Array.from({ length: 50 }, async (_, index) => {
        const store = stores[index % 2] ?? (await context.connect())
        const { ref, claim } = await wait(context, store)
        for (;;) {
          const told = await store.watch(ref, never)
          const now = told.kind === 'hint' ? await store.enter(claim) : told
          assert.ok(now.kind === 'held' || now.kind === 'queued', `a watching waiter is ${now.kind}`)
          if (now.kind === 'queued') continue
          assert.equal((inside += 1), 1, 'two are inside together')
          assert.ok(now.token > last)
          last = now.token
          inside -= 1
          return store.leave({ ...ref, token: now.token })
        }
      })
      await context.advance(200)
      await first.store.leave(first.ref)
      const answers = await within(context, 6 * TOLD_MS, 'fifty turns', Promise.all(turns))
      assert.deepEqual(new Set(answers), new Set(['left']))
    },
  },
])
