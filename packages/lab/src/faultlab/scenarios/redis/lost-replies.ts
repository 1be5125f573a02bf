/** A request that was carried out and whose answer never came: the same for taking, renewing and giving back. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LineView } from 'holdfast'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import type { Answer } from '../steps.ts'
import { lineAt, server, unanswered, openRoute } from './setup.ts'

const ACQUIRE_TTL_MS = 2_000
/** Of a free lock, from the moment at which the network works again. */
const AT_ONCE_MS = 300
/** The fastest counts: on a busy machine a process may have to wait for its turn. */
const TRIES = 3

const lostGrant = (plain: boolean): Take => ({
  title: plain ? 'a plain lock (SET NX PX and a random owner for each attempt)' : 'Holdfast',
  guard: true,
  lock: plain ? { kind: 'broken', name: 'none' } : holdfastLock,
  ttlMs: ACQUIRE_TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const { proxy, url } = await openRoute(setup, engine)
    const a = await setup.scriptedProcess('A', url)
    // The way is known by then; what is measured is the lost answer, and not the first connection.
    await a.does({ do: 'acquire', waitMs: 0 })
    await a.does({ do: 'release' })
    const tookMs: number[] = []
    let answer: Answer = { ok: false, text: '' }
    let claims: LineView['claims'] = []
    while (tookMs.length < (plain ? 1 : TRIES)) {
      const hear = await unanswered(setup, proxy, () => a.does({ do: 'acquire', waitMs: 10 * ACQUIRE_TTL_MS }))
      const startMs = performance.now()
      answer = await hear()
      tookMs.push(Math.round(performance.now() - startMs))
      if (!plain) ({ claims } = await lineAt(engine.url))
      await a.does({ do: 'release' })
    }
    await a.leaves()
    const fastestMs = Math.min(...tookMs)
    const times = `${tookMs.join(', ')} ms`
    return plain
      ? [
          shown(
            'its own orphan stands in its way until the lease is over',
            answer.ok && fastestMs > ACQUIRE_TTL_MS / 2,
            times,
          ),
        ]
      : [
          shown('A holds as soon as the network works', answer.ok && fastestMs <= AT_ONCE_MS, times),
          shown(
            'there is one claim, and it is the one that A knows of',
            claims.length === 1,
            `${claims.length} claims`,
          ),
          shown(
            'its token is the one in the store',
            String(claims[0]?.token) === answer.text,
            `${answer.text}, ${String(claims[0]?.token)}`,
          ),
        ]
  },
})

export const lostAcquireReply: Scenario = {
  needs: ['redis'],
  foundBy: 'users of tooz, of kazoo (#732, #760) and of Curator (#1160, #1024); seven of eight Node libraries have it',
  shows:
    'a grant whose answer was lost is found again at once by the id of the claim; without one it blocks its own owner',
  takes: [lostGrant(false), lostGrant(true)],
}

const RELEASE_TTL_MS = 20_000

const lostLeave = (broken: boolean): Take => ({
  title: broken ? 'a lock without owner check (DEL), which ioredis sends again' : 'Holdfast',
  guard: true,
  lock: broken ? { kind: 'broken', name: 'no-owner-check' } : holdfastLock,
  ttlMs: RELEASE_TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const { proxy, url } = await openRoute(setup, engine)
    const [a, b, c] = [
      await setup.scriptedProcess('A', url),
      await setup.scriptedProcess('B', engine.url),
      await setup.scriptedProcess('C', engine.url),
    ]
    await a.does({ do: 'acquire', waitMs: 0 })
    const hear = await unanswered(setup, proxy, () => a.does({ do: 'release' }))
    const second = await b.does({ do: 'acquire', waitMs: RELEASE_TTL_MS / 4 })
    const released = await hear()
    const third = await c.does({ do: 'acquire', waitMs: 0 })
    const held = await b.does({ do: 'is-held' })
    for (const each of [a, b, c]) await each.leaves()
    const words = `A: ${released.text}, B: ${held.text}, C: ${third.text}`
    return [
      shown('B takes the lock after the release that A heard nothing of', second.ok, second.text),
      broken
        ? shown(
            'the repeated release frees the lock of B, and C holds beside B',
            third.ok && held.text === 'true',
            words,
          )
        : shown('the repeated release leaves the lock of B alone', !third.ok && held.text === 'true', words),
    ]
  },
})

export const lostReleaseReply: Scenario = {
  needs: ['redis'],
  foundBy: 'lukas-krecan/ShedLock, etcd-io/etcd#22082, tooz on memcached',
  shows: 'a release whose answer was lost is repeated; it must not free the lock of whoever came next',
  takes: [lostLeave(false), lostLeave(true)],
}

const RENEW_TTL_MS = 1_500

export const lostRenewReply: Scenario = {
  needs: ['redis'],
  foundBy: 'users of cirello-io/dynamolock (#280) and of the Kinesis client library',
  shows: 'a renewal whose answer was lost is no loss: the holder asks again and stays',
  takes: [
    {
      title: 'the answer to a renewal vanishes, and the lease would be over without the next one',
      guard: true,
      lock: holdfastLock,
      ttlMs: RENEW_TTL_MS,
      async play(setup): Promise<readonly Shown[]> {
        const engine = await server(setup)
        const { proxy, url } = await openRoute(setup, engine)
        const [a, b] = [await setup.scriptedProcess('A', url), await setup.scriptedProcess('B', engine.url)]
        const first = await a.does({ do: 'acquire', waitMs: 0 })
        // What is answered to a holder is a renewal, and nothing else.
        const hear = await unanswered(setup, proxy, async () => undefined)
        await hear()
        await sleep(2 * RENEW_TTL_MS)
        const held = await a.does({ do: 'is-held' })
        const other = await b.does({ do: 'acquire', waitMs: 0 })
        const [claim] = (await lineAt(engine.url)).claims
        const told = setup.events().some(({ p, f }) => p === 'A' && f === 'lost-signal')
        for (const each of [a, b]) await each.leaves()
        return [
          shown(
            'A holds two leases later, and was told of no loss',
            held.text === 'true' && !told,
            `isHeld: ${held.text}`,
          ),
          shown('with the same token', String(claim?.token) === first.text, first.text),
          shown('and B does not get the lock', !other.ok, other.text),
        ]
      },
    },
  ],
}
