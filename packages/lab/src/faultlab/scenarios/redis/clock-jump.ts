/** The wall clock of a server is set while a client holds: Redis judges by it whether a lease is over. */
import { openSkewedClock, type SkewedClock } from '@holdfast/testbed/os/skewed-clock'
import { holdfastLock, type Scenario, type Shown, type Take } from '../scenario.ts'
import type { ScenarioSetup } from '../scenario-setup.ts'
import { SERVER, server } from './setup.ts'
import { TWO_HOLDERS_TTL_MS, twoHolders } from './two-holders.ts'

const JUMP_MS = 60_000

async function clockFor(setup: ScenarioSetup): Promise<SkewedClock> {
  const clock = await openSkewedClock()
  await setup.keep(Promise.resolve({ [Symbol.asyncDispose]: async () => clock.close() }))
  return clock
}

const jumped = (guard: boolean): Take => ({
  title: guard ? 'with a guard' : 'without a guard',
  guard,
  lock: holdfastLock,
  ttlMs: TWO_HOLDERS_TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const clock = await clockFor(setup)
    const engine = await server(setup, { environment: clock.environment })
    const [a, b] = [await setup.scriptedProcess('A', engine.url), await setup.scriptedProcess('B', engine.url)]
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

export const clockJump: Scenario = {
  needs: ['redis', 'skewed-clock'],
  foundBy:
    'Martin Kleppmann, "How to do distributed locking" (2016), on timing; Redis expires keys by the wall clock still',
  shows:
    'a minute that the clock of the server jumps forward ends every shorter lease; the guard refuses the holder who does not know',
  takes: [jumped(true), jumped(false)],
}
