/** A standby that had not heard of everything becomes the primary: what it hands out again shows in the token. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import type { Proxy } from '@holdfast/testbed/proxy/proxy'
import { openRoute, SERVER, soon } from '../redis/setup.ts'
import { hold, twoHolders } from '../redis/two-holders.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { naiveLock, openSession, server } from './setup.ts'

/** Long enough that B is through before A hears that its server is gone for longer than its lease. */
const TTL_MS = 4_000
const GRANTS_LOST = 5

interface Pair {
  readonly primary: Engine
  readonly standby: Engine
  /** Between the two. */
  readonly link: Proxy
}

async function pair(setup: ScenarioSetup): Promise<Pair> {
  const primary = await server(setup)
  const { proxy: link } = await openRoute(setup, primary)
  const standby = await server(setup, { standbyOf: link })
  const session = await openSession(setup, primary)
  const follows = `SELECT FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn = pg_current_wal_lsn()`
  await soon('a standby that follows', async () => (await session.query(follows)).rowCount === 1)
  return { primary, standby, link }
}

async function promote(setup: ScenarioSetup, { primary, standby }: Pair): Promise<void> {
  setup.note('failover', SERVER)
  await primary.kill()
  const session = await openSession(setup, standby)
  await session.query('SELECT pg_promote(true, 10)')
}

const forgotten = (guard: boolean): Take => ({
  title: guard ? 'with a guard' : 'without a guard',
  guard,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const both = await pair(setup)
    // The table is there before the link is cut.
    const a = await setup.scriptedProcess('A', both.primary.url)
    const session = await openSession(setup, both.standby)
    const made = `SELECT FROM pg_tables WHERE schemaname = 'holdfast'`
    await soon('the table at the standby', async () => Number((await session.query(made)).rowCount) > 0)
    both.link.set({ kind: 'black-hole' })
    return twoHolders({
      setup,
      a,
      b: () => setup.scriptedProcess('B', both.standby.url),
      forget: () => promote(setup, both),
    })
  },
})

const oldToken: Take = {
  title: 'a lock whose token counts on from that of its row, with a guard',
  guard: true,
  lock: naiveLock('counter-token.js'),
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const both = await pair(setup)
    both.link.set({ kind: 'black-hole' })
    const a = await setup.scriptedProcess('A', both.primary.url)
    for (let grants = 0; grants < GRANTS_LOST; grants += 1) {
      await a.does({ do: 'acquire', waitMs: 0 })
      await a.does({ do: 'release' })
    }
    const first = await hold(a)
    await promote(setup, both)
    const b = await setup.scriptedProcess('B', both.standby.url)
    const second = await b.does({ do: 'acquire', waitMs: 0 })
    const entered = await b.does({ do: 'enter' })
    for (const each of [a, b]) await each.leaves()
    return [
      shown(
        'B is handed a token that is smaller than one of before',
        second.ok && BigInt(second.text) < BigInt(first.text),
        `${first.text}, then ${second.text}`,
      ),
      shown(
        'the guard refuses B, the only holder that the database knows',
        entered.text === 'STALE_TOKEN',
        entered.text,
      ),
    ]
  },
}

export const failoverForgets: Scenario = {
  needs: ['postgres'],
  foundBy: 'the PostgreSQL documentation on asynchronous replication; measured by this project: token 6, then 2',
  shows:
    'after an asynchronous failover there are two holders; a token that counts on from its row is handed out again, and one that follows the clock rises',
  takes: [forgotten(true), forgotten(false), oldToken],
}
