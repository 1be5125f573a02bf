/** A token that is asked for after the grant says when it was asked for, and not when the lock was granted. */
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import { NAMESPACE, SEAT } from '../steps.ts'
import { SERVER, server, soon, tell, openRoute } from './setup.ts'

const TTL_MS = 1_000

/** A is stopped while its request is on the way, and until after the lease that it is then granted. */
const stoppedOnTheWay = (broken: boolean): Take => ({
  title: broken ? 'a lock that asks for its token in a second step (SET, then INCR)' : 'Holdfast',
  guard: true,
  lock: broken ? { kind: 'broken', name: 'token-after-grant' } : holdfastLock,
  ttlMs: TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const { proxy, url } = await openRoute(setup, engine)
    const [a, b] = [await setup.scriptedProcess('A', url), await setup.scriptedProcess('B', engine.url)]
    proxy.set({ kind: 'hold' })
    setup.note('partition', SERVER)
    const asking = a.does({ do: 'acquire', waitMs: 20 * TTL_MS })
    await soon('the request of A', async () => proxy.stats.requests.waitingBytes > 0)
    a.stop()
    proxy.set({ kind: 'pass' })
    setup.note('pass', SERVER)
    const key = broken ? `${NAMESPACE}:${SEAT}` : `holdfast:{${NAMESPACE}!${SEAT}}`
    await soon('the grant of A', async () => (await tell(engine, 'EXISTS', key)) === 1)
    const second = await b.does({ do: 'acquire', waitMs: 20 * TTL_MS })
    await b.does({ do: 'enter' })
    a.goOn()
    if (!broken) {
      // A asks anew and waits for B; what it then gets is larger because it is later.
      await b.does({ do: 'release' })
      const first = await asking
      for (const each of [a, b]) await each.leaves()
      const rises = first.ok && BigInt(first.text) > BigInt(second.text)
      return [
        shown(
          'A never hears of the grant it slept through, and waits behind B',
          rises,
          `B ${second.text}, A ${first.text}`,
        ),
      ]
    }
    const first = await asking
    const write = await b.does({ do: 'write' })
    for (const each of [a, b]) await each.leaves()
    const inverted = second.ok && BigInt(first.ok ? first.text : 0) > BigInt(second.text)
    return [
      shown(
        'A, whose lease is over, has the larger token',
        inverted,
        `A ${first.text}, B ${second.text}; B writes: ${write.text}`,
      ),
    ]
  },
})

export const lateToken: Scenario = {
  needs: ['redis'],
  foundBy: 'this project, in simple-redis-mutex (its issue 15 asks for tokens)',
  shows:
    'a token that is made after the grant may be larger than that of the next holder; it has to be made by the grant',
  takes: [stoppedOnTheWay(false), stoppedOnTheWay(true)],
}
