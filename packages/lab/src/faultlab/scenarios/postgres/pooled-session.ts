/** Two clients ask for one lock through PgBouncer, which gives them the same session of the server one after the other. */
import { start as startPgBouncer } from '@holdfast/testbed/engines/pgbouncer/server'
import { checkOverlap } from '../../../judge/overlap.ts'
import { readHistory } from '../../../judge/record.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import { naiveLock, server } from './setup.ts'

const TTL_MS = 30_000

const asked = (title: string, lock: Take['lock'], isPooled: boolean): Take => ({
  title,
  guard: true,
  lock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const { url } = isPooled ? await setup.keep(startPgBouncer({ before: engine, poolSize: 1 })) : engine
    const [a, b] = [await setup.scriptedProcess('A', url), await setup.scriptedProcess('B', url)]
    const first = await a.does({ do: 'acquire', waitMs: 0 })
    const second = await b.does({ do: 'acquire', waitMs: 0 })
    const believes = await a.does({ do: 'is-held' })
    for (const each of [a, b]) await each.leaves()
    const [overlap] = checkOverlap(readHistory(setup.events()))
    const both = `A: ${first.text}, B: ${second.text}`
    return isPooled && lock.kind !== 'holdfast'
      ? [
          shown('both are told that they hold', first.ok && second.ok && believes.text === 'true', both),
          shown('the judge finds it', overlap !== undefined, overlap?.text ?? 'nothing'),
        ]
      : [
          shown('A holds, and B does not get the lock', first.ok && !second.ok && believes.text === 'true', both),
          shown('the judge finds nothing', overlap === undefined, overlap?.text ?? 'nothing'),
        ]
  },
})

const advisoryLock = naiveLock('advisory-lock.js')

export const pooledSession: Scenario = {
  needs: ['postgres', 'pgbouncer'],
  foundBy: 'users of advisory locks behind a pooler, as in madelson/DistributedLock #168',
  shows:
    'an advisory lock belongs to a session of the server, and a pooler in transaction mode lends one session to every client: all of them hold',
  takes: [
    asked('Holdfast, through PgBouncer', holdfastLock, true),
    asked('an advisory lock, through PgBouncer', advisoryLock, true),
    asked('an advisory lock, without PgBouncer', advisoryLock, false),
  ],
}
