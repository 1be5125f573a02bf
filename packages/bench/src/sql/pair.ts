/** What an uncontended lock costs in a database, beside two bare committed updates. */
import { holdfast } from 'holdfast'
import { nowMs } from '../clock.ts'
import type { Figure, Suite } from '../figure.ts'
import { holdfastLock, inTurn, namesOf } from '../holdfast-lock.ts'
import { compared, latencyAt, pooledLatenciesUs, roundsIn, takeTurns } from '../slices.ts'
import { percentile } from '../statistics.ts'
import { withDatabases } from './databases.ts'

const NAMES = namesOf('name', 16)
/** Until the compiler has settled on what a lock does: some two seconds of it. */
const WARM_UP_ROUNDS = 15

export const sqlPair: Suite = {
  name: 'sql-pair',
  group: 'sql',
  about:
    'PostgreSQL, MariaDB and MySQL with commits on the disk: acquire + release of names nobody else wants, against two bare updates',
  run: (settings) =>
    withDatabases(async (database, { pairMax }) => {
      const bare = {
        async pair(turn: number): Promise<void> {
          const name = NAMES[turn % NAMES.length] ?? ''
          await database.update(name)
          await database.update(name)
        },
      }
      const locks = holdfast(database.store())
      await locks.open()
      try {
        // The reference is the first and the third: it against itself is the noise.
        const entrants = [bare, holdfastLock(locks, inTurn(NAMES)), bare]
        const rounds = roundsIn(settings, entrants.length)
        const settled = settings.quick ? rounds : { ...rounds, warmUp: WARM_UP_ROUNDS }
        const played = await takeTurns(entrants, settled, nowMs())
        const ratio: Figure = {
          what: `${database.name}: p50, ratio`,
          unit: '×',
          ...compared(played, latencyAt(0.5)),
          target: { atMost: pairMax },
        }
        const pairs = pooledLatenciesUs(played, 1)
        return [
          ratio,
          { what: `${database.name}: p50`, unit: 'µs', value: percentile(pairs, 0.5) },
          { what: `${database.name}: p99`, unit: 'µs', value: percentile(pairs, 0.99) },
          { what: `${database.name}: p50, bare`, unit: 'µs', value: percentile(pooledLatenciesUs(played, 0), 0.5) },
        ]
      } finally {
        await locks.close()
      }
    }),
}
