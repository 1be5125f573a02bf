/** One run for each tick on every store of this machine. */
import { DatabaseSync } from 'node:sqlite'
import { ledger } from '../../guards/sqlite/index.ts'
import type { StoreCase } from '../every-store.fixture.ts'
import type { Locks } from '../locks.ts'
import { oncePerTick, type TickOptions } from './index.ts'

export const cronCase: StoreCase = {
  name: 'a tick is run by one of two clients, and remembered',
  async body({ client, facts, expect }) {
    const [here, there] = [client(), client()]
    const tick = new Date()
    let runs = 0
    const once = (locks: Locks, options: Partial<TickOptions> = {}, name = 'job', when = tick) =>
      oncePerTick(locks, name, when, { atMostFor: '1m', ...options }, () => (runs += 1))

    const results = await Promise.all([once(here), once(there)])
    expect(results.filter(({ ran }) => ran)).toHaveLength(1)
    expect(await once(there)).toMatchObject({ ran: false, because: 'done' })

    const kept = { ledger: ledger(new DatabaseSync(':memory:')) }
    expect((await once(here, kept, 'kept')).ran).toBe(true)
    expect(await once(there, kept, 'kept')).toMatchObject({ because: 'done', by: { tick, outcome: 'returned' } })
    expect(runs).toBe(2)
    // All clocks are of this machine.
    const far = new Date(tick.getTime() + 3 * 60 * 60_000)
    if (facts.tokenScale === 'clock') expect(await once(here, {}, 'far', far)).toMatchObject({ because: 'early' })
  },
}
