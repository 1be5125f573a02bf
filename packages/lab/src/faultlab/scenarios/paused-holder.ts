/** The pause after the last check, and the write that only looks protected. */
import { type Scenario, holdfastLock, type Shown, shown, type Take } from './scenario.ts'
import { leaseEndNs, msAfter } from './lease-end.ts'
import { server } from './redis/setup.ts'
import type { ScenarioSetup } from './scenario-setup.ts'

const TTL_MS = 500

/** A stops between its check and its write; B takes over, reads, writes; A's write arrives. */
async function lateWrite(
  setup: ScenarioSetup,
  storeUrl: string,
): Promise<{ late: string; lateOk: boolean; held: string; tookOverMs: number; elements: string }> {
  const [a, b] = [await setup.scriptedProcess('A', storeUrl), await setup.scriptedProcess('B', storeUrl)]
  await a.does({ do: 'acquire', waitMs: 0 })
  await a.does({ do: 'enter' })
  await a.does({ do: 'read' })
  await a.does({ do: 'arm', point: 'between-check-and-write' })
  const writing = await a.stopsBefore({ do: 'write' })
  await b.does({ do: 'acquire', waitMs: 20 * TTL_MS })
  const granted = setup.events().find(({ p, f, e }) => p === 'B' && f === 'acquire' && e === 'ok')
  const tookOverMs = msAfter(leaseEndNs(setup.events(), 'A'), granted)
  await b.does({ do: 'enter' })
  await b.does({ do: 'read' })
  await b.does({ do: 'write' })
  a.goOn()
  const { ok, text } = await writing.answer
  const held = await a.does({ do: 'is-held' })
  await a.leaves()
  await b.does({ do: 'release' })
  await b.leaves()
  const final = setup.events().find(({ f }) => f === 'final')
  const elements = String(final?.in?.['elements'])
  return { late: text, lateOk: ok, held: held.text, tookOverMs, elements }
}

/** Where the two meet; the lock file of the take unless said otherwise. */
export type Meeting = (setup: ScenarioSetup) => Promise<string>

const paused = (guard: boolean, meeting: Meeting): Take => ({
  title: guard ? 'with a guard' : 'without a guard',
  guard,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const { late, lateOk, held, tookOverMs, elements } = await lateWrite(setup, await meeting(setup))
    return [
      shown(
        'B gets the lock when the lease of the stopped A is over',
        tookOverMs >= 0,
        `${Math.round(tookOverMs)} ms after its end`,
      ),
      shown('A, awake again, knows that it does not hold', held === 'false', `isHeld: ${held}`),
      guard
        ? shown('the database refuses the late write of A', !lateOk && late === 'STALE_TOKEN', late)
        : shown(
            'the late write of A is accepted and overwrites that of B',
            lateOk && !elements.includes('B-'),
            `${late}; in the end there is ${elements}`,
          ),
    ]
  },
})

/** What the guard protects from is played without it as well. */
export function pausedTakes(meeting: Meeting): readonly Take[] {
  return [paused(true, meeting), paused(false, meeting)]
}

const kleppmann = {
  foundBy: 'Martin Kleppmann, "How to do distributed locking" (2016)',
  shows:
    'a check just before the write does not help against a pause right after the check; a token that the database compares does',
}

const atLockFile: Meeting = async (setup) => setup.lockFileUrl
export const pausedHolder: Scenario = { ...kleppmann, takes: pausedTakes(atLockFile) }

const atRedis: Meeting = async (setup) => (await server(setup)).url
export const redisPausedHolder: Scenario = {
  ...kleppmann,
  needs: ['redis'],
  takes: pausedTakes(atRedis),
}

/** A's write is on its way while B, who holds by now, has read and not yet written. */
const between = (entering: boolean): Take => ({
  title: entering ? 'B enters before it reads' : 'B reads without entering: only writes are checked',
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const [a, b] = [await setup.scriptedProcess('A'), await setup.scriptedProcess('B')]
    await a.does({ do: 'acquire', waitMs: 0 })
    await a.does({ do: 'read' })
    await a.does({ do: 'arm', point: 'between-check-and-write' })
    const writing = await a.stopsBefore({ do: 'write' })
    await b.does({ do: 'acquire', waitMs: 20 * TTL_MS })
    if (entering) await b.does({ do: 'enter' })
    await b.does({ do: 'read' })
    a.goOn()
    const late = await writing.answer
    const write = await b.does({ do: 'write' })
    await b.does({ do: 'release' })
    for (const each of [a, b]) await each.leaves()
    const lost = late.ok && write.ok
    return entering
      ? [
          shown('the late write of A is refused', late.text === 'STALE_TOKEN', late.text),
          shown('B writes', write.ok, write.text),
        ]
      : [
          shown(
            'A was told that it has written, and B overwrites it: the update is lost',
            lost,
            `A ${late.text}, B ${write.text}`,
          ),
        ]
  },
})

export const writeOnlyGuard: Scenario = {
  foundBy: 'this project, while the guard was designed',
  shows: 'a guard that compares tokens on writes alone loses updates: the mark has to be raised before the first read',
  takes: [between(true), between(false)],
}
