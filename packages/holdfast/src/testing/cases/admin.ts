/** What observers and operators see, page by page, and that looking changes nothing. */
import assert from 'node:assert/strict'
import { NOTE_BYTES_MAX } from '../../store/limits.ts'
import type { OpenStore } from '../../store/store.ts'
import { type Case, casesOf } from '../case.ts'
import { assertGone, hold, past, refused, renew, shown, wait } from '../steps.ts'

/** More pages than this for a few names is a cursor that goes in circles. */
const PAGES_MAX = 1_000

async function listAll(store: OpenStore, prefix: string, limit: number): Promise<readonly string[]> {
  const found: string[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page = await store.list(prefix, cursor, limit)
    assert.ok(page.resources.length <= limit, `a page of ${page.resources.length} where ${limit} were asked for`)
    found.push(...page.resources)
    cursor = page.cursor
    // A resource may be repeated; one that does not change may not be missed.
    if (cursor === undefined) return [...new Set(found)].toSorted()
  }
  throw new assert.AssertionError({ message: 'the pages have no end' })
}

export const admin: readonly Case[] = casesOf('admin', [
  {
    name: 'a resource nobody ever claimed is an empty line',
    async run(context) {
      const store = await context.connect()
      const resource = context.resource('never')
      const { version, ...view } = await store.look(resource)
      assert.deepEqual(view, { resource, lastToken: 0n, claims: [] })
      assert.equal(typeof version, 'string')
    },
  },
  {
    name: 'a look shows who holds and who waits, oldest first, with what they said about themselves',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store, { owner: 'host-1 pid 7', note: 'billing run' })
      const waiter = await wait(context, await context.connect(), { owner: 'host-2 pid 9', note: 'report' })
      const view = await store.look(holder.ref.resource)
      assert.equal(view.capacity, 1)
      const [first, second] = view.claims
      assert.deepEqual(
        { ...first, endsInMs: 0 },
        {
          id: shown(holder.claim.id),
          state: 'held',
          weight: 1,
          token: holder.token,
          endsInMs: 0,
          owner: 'host-1 pid 7',
          note: 'billing run',
        },
      )
      if (first?.endsInMs !== undefined)
        assert.ok(first.endsInMs > 0 && first.endsInMs <= context.longMs * 1.02 + 1_000)
      if (waiter.standing.lifeMs === undefined) return
      assert.equal(second?.state, 'waiting')
      assert.equal(second.owner, 'host-2 pid 9')
      assert.equal(second.token, undefined)
    },
  },
  {
    name: 'a look never shows an id whole',
    trap: 'whoever reads the status page can release every lock',
    async run(context) {
      const store = await context.connect()
      const holder = await hold(context, store)
      const waiter = await wait(context, store)
      const text = JSON.stringify(await store.look(holder.ref.resource), (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      )
      for (const { claim } of [holder, waiter]) assert.ok(!text.includes(claim.id))
    },
  },
  {
    name: 'a look prolongs nothing and hands nothing over',
    needs: ['claim-ttl'],
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store, { ttlMs: context.shortMs })
      const observer = await context.connect()
      for (let part = 0; part < 4; part += 1) {
        await observer.look(ref.resource)
        await context.advance(past(context, context.shortMs) / 4)
      }
      assertGone(await renew(store, ref, context.longMs))
      assert.deepEqual((await observer.look(ref.resource)).claims, [])
    },
  },
  {
    name: 'a list has every claimed resource under its prefix, and no other, whatever the size of the pages',
    async run(context) {
      const store = await context.connect()
      const names = ['seat:1', 'seat:10', 'seat:2', 'seat:é', 'seat', 'sea', 'other', 'Seat:1']
      for (const name of names) await hold(context, store, { resource: context.resource(name) })
      const under = (prefix: string) =>
        names
          .filter((name) => name.startsWith(prefix))
          .map((name) => context.resource(name))
          .toSorted()
      for (const limit of [1, 3, 100]) {
        assert.deepEqual(await listAll(store, context.prefix('seat:'), limit), under('seat:'))
        assert.deepEqual(await listAll(store, context.prefix(), limit), under(''))
      }
      assert.deepEqual(await listAll(store, context.prefix('nothing'), 10), [])
    },
  },
  {
    name: 'the characters of a prefix mean themselves',
    trap: 'a prefix is pasted into a pattern: "_" and "%" and "*" match anything',
    async run(context) {
      const store = await context.connect()
      const names = ['a_b', 'aXb', 'a%b', 'a*b', 'a[b', 'a?b', 'a\\b', 'A_b']
      for (const name of names) await hold(context, store, { resource: context.resource(name) })
      for (const name of names) {
        const prefix = name.slice(0, 2)
        const expected = names.filter((other) => other.startsWith(prefix)).map((other) => context.resource(other))
        assert.deepEqual(await listAll(store, context.prefix(prefix), 10), expected.toSorted(), prefix)
      }
    },
  },
  {
    name: 'a resource that was given back is not listed any more',
    async run(context) {
      const store = await context.connect()
      const one = await hold(context, store, { resource: context.resource('one') })
      const two = await hold(context, store, { resource: context.resource('two') })
      await store.leave(one.ref)
      assert.deepEqual(await listAll(store, context.prefix(), 10), [two.ref.resource])
    },
  },
  {
    name: 'a note and an owner come back as they were, whatever is in them',
    trap: 'text that is pasted into a command or split at a separator',
    async run(context) {
      const store = await context.connect()
      const texts = [
        '',
        ' ',
        'a\nb\r\tc',
        `'"\`\\;--/*{}[]<>&|$%`,
        '0',
        'null',
        '{"__proto__":1}',
        'é🔒e\u0301\uFEFF',
        'x'.repeat(NOTE_BYTES_MAX),
      ]
      for (const [index, text] of texts.entries()) {
        const owner = text.slice(0, 100)
        const { ref } = await hold(context, store, { resource: context.resource(`text-${index}`), note: text, owner })
        const [claim] = (await store.look(ref.resource)).claims
        assert.equal(claim?.note, text)
        assert.equal(claim.owner, owner)
      }
    },
  },
  {
    name: 'while a lock-delay runs the line shows what lingers',
    needs: ['lockDelay'],
    async run(context) {
      const store = await context.connect()
      const { ref, token } = await hold(context, store, { ttlMs: context.shortMs, lockDelayMs: context.longMs })
      await context.advance(past(context, context.shortMs))
      await refused(context, store)
      const [claim] = (await store.look(ref.resource)).claims
      assert.equal(claim?.state, 'lingering')
      assert.equal(claim.token, token)
    },
  },
])
