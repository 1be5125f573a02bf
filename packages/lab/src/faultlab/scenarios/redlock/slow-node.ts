/** One of three servers answers late: who waits for it must not believe what has ended meanwhile. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { server, SERVER, tell } from '../redis/setup.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import { openRoutes } from './servers.ts'

const TTL_MS = 500
/** Each way. */
const SLOW_MS = 750

const late = (naive: boolean): Take => ({
  title: naive ? 'a Redlock that waits for all servers and counts from the last answer' : 'Holdfast',
  guard: true,
  lock: naive ? { kind: 'broken', name: 'late-quorum' } : holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engines = await Promise.all([1, 2, 3].map(() => server(setup)))
    const { url, proxies } = await openRoutes(setup, engines)
    const a = await setup.scriptedProcess('A', url)
    setup.note('delay', SERVER)
    proxies[2]?.set({ kind: 'delay', delayMs: SLOW_MS })
    const startMs = performance.now()
    const first = await a.does({ do: 'acquire', waitMs: 20 * TTL_MS })
    const tookMs = Math.round(performance.now() - startMs)
    const keys = await Promise.all(engines.slice(0, 2).map((engine) => keysOf(engine)))
    const held = await a.does({ do: 'is-held' })
    await a.leaves()
    return naive
      ? [
          shown(
            'A believes that it holds',
            first.ok && held.text === 'true',
            `after ${tookMs} ms, with a lease of ${TTL_MS} ms`,
          ),
          shown(
            'and there is nothing left of it on the two fast servers',
            keys.every((count) => count === 0),
            keys.join(' and '),
          ),
        ]
      : [
          shown(
            'A holds by the votes of two, long before the third answers',
            first.ok && tookMs < 2 * SLOW_MS,
            `${tookMs} ms`,
          ),
          shown('and believes so', held.text === 'true', held.text),
        ]
  },
})

async function keysOf(engine: Engine): Promise<number> {
  return Number(await tell(engine, 'DBSIZE'))
}

export const redlockSlowNode: Scenario = {
  needs: ['redis'],
  foundBy:
    'Martin Kleppmann (2016), on answers that wait while a client sleeps; RedlockMutex of redis-semaphore, measured by this project',
  shows:
    'a majority of votes is worth what is left of the lease, counted from before the question; and one slow server need not be waited for',
  takes: [late(false), late(true)],
}
