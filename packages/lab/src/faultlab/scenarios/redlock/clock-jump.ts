/** Five servers. One client reaches A, B and C, the other C, D and E; and the clock of C jumps. */
import { openSkewedClock, type SkewedClock } from '@holdfast/testbed/os/skewed-clock'
import type { ScriptedProcess } from '../scripted-process.ts'
import { server, SERVER } from '../redis/setup.ts'
import { twoHolders } from '../redis/two-holders.ts'
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { openRoutes } from './servers.ts'

const TTL_MS = 4_000
/** Longer than the lease, and less than what the servers let a token be ahead. */
const JUMP_MS = 4_500
const MINUTE_MS = 60_000

/** Two clients that share server C alone; the clock of C goes by `clock`. */
async function apart(
  setup: ScenarioSetup,
): Promise<{ readonly a: ScriptedProcess; readonly b: ScriptedProcess; readonly clock: SkewedClock }> {
  const clock = await openSkewedClock()
  await setup.keep(Promise.resolve({ [Symbol.asyncDispose]: async () => clock.close() }))
  const plain = await Promise.all([0, 1, 3, 4].map(() => server(setup)))
  const jumping = await server(setup, { environment: clock.environment })
  const engines = [...plain.slice(0, 2), jumping, ...plain.slice(2)]
  const [ofA, ofB] = [await openRoutes(setup, engines), await openRoutes(setup, engines)]
  const [a, b] = [await setup.scriptedProcess('A', ofA.url), await setup.scriptedProcess('B', ofB.url)]
  // Not before: a server that cannot be asked whether it is new would be excluded.
  for (const proxy of [...ofA.proxies.slice(3), ...ofB.proxies.slice(0, 2)]) proxy.set({ kind: 'black-hole' })
  return { a, b, clock }
}

const jumped = (guard: boolean): Take => ({
  title: guard ? 'with a guard' : 'without a guard',
  guard,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const { a, b, clock } = await apart(setup)
    return twoHolders({
      setup,
      a,
      b: async () => b,
      async forget() {
        setup.note('clock-jump', SERVER)
        clock.set(JUMP_MS)
      },
    })
  },
})

const farAhead: Take = {
  title: 'a clock that jumps by a minute',
  guard: true,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const { a, b, clock } = await apart(setup)
    const first = await a.does({ do: 'acquire', waitMs: 0 })
    setup.note('clock-jump', SERVER)
    clock.set(MINUTE_MS)
    const second = await b.does({ do: 'acquire', waitMs: 0 })
    const told = await setup.finds(({ p, f }) => p === 'A' && f === 'lost-signal')
    for (const each of [a, b]) await each.leaves()
    return [
      shown(
        'the others do not follow a token a minute ahead of their clocks: B does not get the lock',
        first.ok && !second.ok,
        second.text,
      ),
      shown('A has two votes of five left, and is told', told !== undefined, told === undefined ? 'no' : 'yes'),
    ]
  },
}

export const redlockClockJump: Scenario = {
  needs: ['redis', 'skewed-clock'],
  foundBy: 'Martin Kleppmann, "How to do distributed locking" (2016), on Redlock',
  shows:
    'a clock that jumps on one of five servers gives the lock to two clients, which share that server alone; the guard refuses the first',
  takes: [jumped(true), jumped(false), farAhead],
}
