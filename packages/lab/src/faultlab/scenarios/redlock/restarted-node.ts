/** Five servers. A has the votes of A, B and C; C is restarted and has forgotten its vote; the next client asks C, D and E. */
import { server, SERVER, tell } from '../redis/setup.ts'
import { hold } from '../redis/two-holders.ts'
import type { ScriptedProcess } from '../scripted-process.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { openRoutes } from './servers.ts'

/** A server is restarted and a process is started before the lease of A is over. */
const TTL_MS = 8_000
/** B asks more than once, so that no refusal comes from a connection that is not back yet. */
const PATIENCE_MS = 2_000

interface Prepared {
  readonly a: ScriptedProcess
  /** Starts B, which reaches C, D and E alone once it knows all five. */
  b(): Promise<ScriptedProcess>
  /** C is killed, and comes back with what is on its disk. */
  restart(): Promise<void>
}

/** `snapshot`: C has saved its data before A holds, so that it comes back as it was then, and not empty. */
async function prepare(setup: ScenarioSetup, snapshot: boolean): Promise<Prepared> {
  const engines = await Promise.all([0, 1, 2, 3, 4].map(() => server(setup)))
  const [, , shared] = engines
  if (shared === undefined) throw new Error('there are five servers')
  const [ofA, ofB] = [await openRoutes(setup, engines), await openRoutes(setup, engines)]
  const a = await setup.scriptedProcess('A', ofA.url)
  if (snapshot) await tell(shared, 'SAVE')
  for (const proxy of ofA.proxies.slice(3)) proxy.set({ kind: 'black-hole' })
  return {
    a,
    async b() {
      const b = await setup.scriptedProcess('B', ofB.url)
      for (const proxy of ofB.proxies.slice(0, 2)) proxy.set({ kind: 'black-hole' })
      return b
    },
    async restart() {
      setup.note('kill-server', SERVER)
      await shared.kill()
      await shared.restart()
      setup.note('restart-server', SERVER)
    },
  }
}

const keptOut = (comesBack: string, snapshot: boolean): Take => ({
  title: `C comes back ${comesBack}, and is kept out`,
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const { a, b: start, restart } = await prepare(setup, snapshot)
    const first = await hold(a)
    await restart()
    const b = await start()
    const second = await b.does({ do: 'acquire', waitMs: PATIENCE_MS })
    const believes = await a.does({ do: 'is-held' })
    for (const each of [a, b]) await each.leaves()
    return [
      shown(
        'C gives no vote until every lease of before is over: B does not get the lock',
        first.ok && !second.ok,
        second.text,
      ),
      shown('while A holds it', believes.text === 'true', believes.text),
    ]
  },
})

export const redlockRestartedNode: Scenario = {
  needs: ['redis'],
  foundBy: 'Martin Kleppmann, "How to do distributed locking" (2016), on Redlock',
  shows:
    'a server that is restarted and comes back empty, or with a snapshot that is older than its vote, is kept out and gives no second vote',
  takes: [keptOut('empty', false), keptOut('with an older snapshot', true)],
}
