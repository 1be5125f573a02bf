/** A replica that had not heard of everything becomes the primary. The grants it missed are forgotten, and the others are not. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Engine } from '@holdfast/testbed/engines/engine'
import type { Proxy } from '@holdfast/testbed/proxy/proxy'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { lineAt, SERVER, server, soon, tell, openRoute } from './setup.ts'
import { twoHolders } from './two-holders.ts'

interface Pair {
  readonly primary: Engine
  readonly replica: Engine
  /** Between the two. A replica that is stopped instead would find everything in its socket when it goes on. */
  readonly link: Proxy
}

async function pair(setup: ScenarioSetup): Promise<Pair> {
  const primary = await server(setup)
  const { proxy: link } = await openRoute(setup, primary)
  const replica = await server(setup, { replicaOf: link })
  return { primary, replica, link }
}

async function promote(setup: ScenarioSetup, { primary, replica }: Pair): Promise<void> {
  setup.note('failover', SERVER)
  await primary.kill()
  await tell(replica, 'REPLICAOF', 'NO', 'ONE')
  await soon('the promotion', async () => String(await tell(replica, 'ROLE')).startsWith('master'))
}

const FORGETTING_TTL_MS = 5_000

const forgotten = (guard: boolean): Take => ({
  title: guard ? 'with a guard' : 'without a guard',
  guard,
  lock: holdfastLock,
  ttlMs: FORGETTING_TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const both = await pair(setup)
    both.link.set({ kind: 'black-hole' })
    return twoHolders({
      setup,
      a: await setup.scriptedProcess('A', both.primary.url),
      b: () => setup.scriptedProcess('B', both.replica.url),
      forget: () => promote(setup, both),
    })
  },
})

const sameToken: Take = {
  title: 'a lock whose token is a counter in the store (INCR), with a guard',
  guard: true,
  lock: { kind: 'broken', name: 'token-counter' },
  ttlMs: FORGETTING_TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const both = await pair(setup)
    both.link.set({ kind: 'black-hole' })
    const [a, b] = [
      await setup.scriptedProcess('A', both.primary.url),
      await setup.scriptedProcess('B', both.replica.url),
    ]
    const first = await a.does({ do: 'acquire', waitMs: 0 })
    await a.does({ do: 'enter' })
    await a.does({ do: 'read' })
    await promote(setup, both)
    const second = await b.does({ do: 'acquire', waitMs: 0 })
    await b.does({ do: 'enter' })
    await b.does({ do: 'read' })
    const write = await b.does({ do: 'write' })
    const late = await a.does({ do: 'write' })
    for (const each of [a, b]) await each.leaves()
    return [
      shown('both hold the same token', first.text === second.text, `${first.text} and ${second.text}`),
      shown('so the guard admits both, and the write of B is lost', write.ok && late.ok, `A: ${late.text}`),
    ]
  },
}

export const failoverForgets: Scenario = {
  needs: ['redis'],
  foundBy: 'the Redis documentation on replication; users of Redisson (#3994, #5256)',
  shows:
    'after an asynchronous failover there are two holders, and the new one has the larger token only if tokens do not come from a counter',
  takes: [forgotten(true), forgotten(false), sameToken],
}

const STALE_TTL_MS = 4_000
/** So that the lease of B ends this much later than what the replica remembers of A. */
const LATER_MS = STALE_TTL_MS / 4

const remembered: Take = {
  title: 'the replica remembers A, who has released; it has not heard of B, who holds',
  guard: true,
  lock: holdfastLock,
  ttlMs: STALE_TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const both = await pair(setup)
    const { primary, replica, link } = both
    const [a, b] = [await setup.scriptedProcess('A', primary.url), await setup.scriptedProcess('B', primary.url)]
    await a.does({ do: 'acquire', waitMs: 0 })
    await soon('the grant of A at the replica', async () => Number(await tell(replica, 'DBSIZE')) > 0)
    link.set({ kind: 'black-hole' })
    await sleep(LATER_MS)
    const released = await a.does({ do: 'release' })
    const second = await b.does({ do: 'acquire', waitMs: STALE_TTL_MS })
    await b.does({ do: 'enter' })
    await b.does({ do: 'read' })
    await promote(setup, both)
    const c = await setup.scriptedProcess('C', replica.url)
    const [stale] = (await lineAt(replica.url)).claims
    const third = await c.does({ do: 'acquire', waitMs: 3 * STALE_TTL_MS })
    const believes = await b.does({ do: 'is-held' })
    await c.does({ do: 'enter' })
    const late = await b.does({ do: 'write' })
    for (const each of [a, b, c]) await each.leaves()
    return [
      shown(
        'A has released, and the replica holds it for the holder',
        released.ok && stale?.owner === 'A',
        released.text,
      ),
      shown(
        'C gets the lock when that is over, while B believes that it holds',
        third.ok && believes.text === 'true',
        `B: ${believes.text}`,
      ),
      shown(
        'the token of C is larger than that of B, of which the replica never heard',
        third.ok && BigInt(third.text) > BigInt(second.text),
        `${second.text}, then ${third.text}`,
      ),
      shown('the database refuses B', late.text === 'STALE_TOKEN', late.text),
    ]
  },
}

export const staleReplica: Scenario = {
  needs: ['redis'],
  foundBy: 'the Redis documentation on replication; redisson/redisson#3636 and #3187',
  shows:
    'a replica with an old state is promoted: it keeps the lock for one who has left, and does not know the one who holds',
  takes: [remembered],
}
