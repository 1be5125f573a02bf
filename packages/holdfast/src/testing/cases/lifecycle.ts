/** Opening tells what the store promises; closing ends what it opened, and nothing of other clients. */
import assert from 'node:assert/strict'
import { StoreUnavailable } from '../../store/errors.ts'
import { TTL_MS_MAX } from '../../store/limits.ts'
import { type Case, casesOf } from '../case.ts'
import { assertStillHeld, claimOf, hold, refused, wait, within } from '../steps.ts'

export const lifecycle: readonly Case[] = casesOf('lifecycle', [
  {
    name: 'the facts are complete, and sentences where they are for people',
    async run({ facts }) {
      assert.ok(['consensus', 'durable', 'best-effort'].includes(facts.safetyClass))
      assert.ok(facts.reasons.length > 0, 'a class needs its reasons')
      const texts = [facts.engine, facts.clock, facts.tokens, ...facts.reasons, ...facts.lockRisks, ...facts.tokenRisks]
      for (const text of [...texts, ...Object.values(facts.unsupported)])
        assert.ok(text.trim().length > 1, 'a fact says something')
      const { minMs, maxMs, granularityMs } = facts.ttl
      assert.ok(granularityMs > 0 && minMs > 0 && minMs <= maxMs && maxMs <= TTL_MS_MAX)
    },
  },
  {
    name: 'closing twice is closing once, and other clients go on',
    async run(context) {
      const leaver = await context.connect()
      const stayer = await context.connect()
      const holder = await hold(context, stayer)
      await leaver.close()
      await leaver.close()
      await assertStillHeld(holder)
      await refused(context, await context.connect())
    },
  },
  {
    name: 'a store that was closed refuses, and does not hang',
    async run(context) {
      const store = await context.connect()
      const { ref } = await hold(context, store)
      await store.close()
      const isUnavailable = (error: unknown): boolean => error instanceof StoreUnavailable
      await assert.rejects(store.enter(claimOf(context)), isUnavailable)
      await assert.rejects(store.renew([{ ref, ttlMs: context.longMs }]), isUnavailable)
      await assert.rejects(store.look(ref.resource), isUnavailable)
      await assert.rejects(store.leave(ref), isUnavailable)
      await assert.rejects(store.list('', undefined, 1), isUnavailable)
      await assert.rejects(store.evict(ref.resource, ref.token, 'too late'), isUnavailable)
    },
  },
  {
    name: 'closing ends a watch',
    needs: ['push'],
    async run(context) {
      const store = await context.connect()
      await hold(context, await context.connect())
      const { ref } = await wait(context, store)
      const watching = store.watch(ref, new AbortController().signal)
      const ended = watching.then(
        (answer) => answer.kind,
        () => 'rejected',
      )
      await store.close()
      assert.ok(['hint', 'gone', 'rejected'].includes(await within(context, 5_000, 'to end', ended)))
    },
  },
])
