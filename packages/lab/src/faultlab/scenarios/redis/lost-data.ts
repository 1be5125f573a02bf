/** The server forgets while a client holds: all data is deleted, or the machine fails before it was written. */
import { holdfastLock, type Scenario, type Shown, shown, type Take } from '../scenario.ts'
import { SERVER, server, tell } from './setup.ts'
import { TWO_HOLDERS_TTL_MS, twoHolders } from './two-holders.ts'

const flushed = (guard: boolean): Take => ({
  title: guard ? 'with a guard' : 'without a guard',
  guard,
  lock: holdfastLock,
  ttlMs: TWO_HOLDERS_TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const [a, b] = [await setup.scriptedProcess('A', engine.url), await setup.scriptedProcess('B', engine.url)]
    return twoHolders({
      setup,
      a,
      b: async () => b,
      async forget() {
        setup.note('wipe', SERVER)
        await tell(engine, 'FLUSHALL')
      },
    })
  },
})

/** A counter starts again: the token of the present holder is smaller than that of an earlier one. */
const countedAnew: Take = {
  title: 'a lock whose token is a counter in the store (INCR), with a guard',
  guard: true,
  lock: { kind: 'broken', name: 'token-counter' },
  ttlMs: TWO_HOLDERS_TTL_MS,
  async play(setup): Promise<readonly Shown[]> {
    const engine = await server(setup)
    const [a, b] = [await setup.scriptedProcess('A', engine.url), await setup.scriptedProcess('B', engine.url)]
    await a.does({ do: 'acquire', waitMs: 0 })
    await a.does({ do: 'release' })
    const second = await a.does({ do: 'acquire', waitMs: 0 })
    await a.does({ do: 'enter' })
    setup.note('wipe', SERVER)
    await tell(engine, 'FLUSHALL')
    const anew = await b.does({ do: 'acquire', waitMs: 0 })
    const entered = await b.does({ do: 'enter' })
    for (const each of [a, b]) await each.leaves()
    return [
      shown('the token begins again', anew.text === '1' && second.text === '2', `${second.text}, then ${anew.text}`),
      shown('the guard refuses the one who holds', entered.text === 'STALE_TOKEN', entered.text),
    ]
  },
}

export const flushAll: Scenario = {
  needs: ['redis'],
  foundBy:
    'this project, while it compared libraries: syncguard begins at 1 again although its page says that counters survive',
  shows:
    'FLUSHALL gives the lock away twice; tokens that come from a clock rise all the same, and the guard refuses the first holder',
  takes: [flushed(true), flushed(false), countedAnew],
}
