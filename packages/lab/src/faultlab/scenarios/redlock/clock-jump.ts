/** Five servers. One client reaches A, B and C, the other C, D and E; and the clock of C jumps. */
import { openSkewedClock } from '../../../machine/skewed-clock.ts'
import { server, SERVER } from '../redis/scene.ts'
import { twoHolders } from '../redis/two-holders.ts'
import { holdfastLock, type Scenario, type Shown, type Take } from '../scenario.ts'
import { waysTo } from './servers.ts'

const TTL_MS = 4_000
/** Longer than the lease. */
const JUMP_MS = 4_500

const jumped = (guard: boolean): Take => ({
  title: guard ? 'with a guard' : 'without a guard',
  guard,
  lock: holdfastLock,
  ttlMs: TTL_MS,
  async play(stage): Promise<readonly Shown[]> {
    const clock = await openSkewedClock()
    await stage.keep(Promise.resolve({ [Symbol.asyncDispose]: async () => clock.close() }))
    const plain = await Promise.all([0, 1, 3, 4].map(() => server(stage)))
    const jumping = await server(stage, { environment: clock.environment })
    const engines = [...plain.slice(0, 2), jumping, ...plain.slice(2)]
    const [ofA, ofB] = [await waysTo(stage, engines), await waysTo(stage, engines)]
    const a = await stage.actor('A', ofA.url)
    const b = await stage.actor('B', ofB.url)
    // Not before: a server that nobody can ask whether it is new would be kept out.
    for (const proxy of [...ofA.proxies.slice(3), ...ofB.proxies.slice(0, 2)]) proxy.set({ kind: 'black-hole' })
    return twoHolders({
      stage,
      a,
      b: async () => b,
      async forget() {
        stage.note('clock-jump', SERVER)
        clock.set(JUMP_MS)
      },
    })
  },
})

export const redlockClockJump: Scenario = {
  needs: ['redis', 'skewed-clock'],
  foundBy: 'Martin Kleppmann, "How to do distributed locking" (2016), on Redlock',
  shows:
    'a clock that jumps on one of five servers gives the lock to two clients, which share that server alone; the guard refuses the first',
  takes: [jumped(true), jumped(false)],
}
