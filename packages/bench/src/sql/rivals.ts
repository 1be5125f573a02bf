/** Other libraries that lock in a database, under the same measurements, in the same run, with the same server. */
import { installCompetitors } from '@holdfast/testbed/competitors'
import { nowMs } from '../clock.ts'
import { type Figure, type Settings, type Suite, SuiteSkipped } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import type { Locker } from '../server/locker.ts'
import { type LockerName, openLocker } from '../server/open-locker.ts'
import {
  compared,
  type Contestant,
  latencyAt,
  pairsPerSecond,
  pooledLatenciesUs,
  roundsIn,
  takeTurns,
} from '../slices.ts'
import { percentile } from '../statistics.ts'
import { openBareRow } from './bare-row.ts'
import { sqlHandOffOf } from './hand-off.ts'
import type { Kind } from './databases.ts'
import { stableKinds, withSqlServer } from './server.ts'

/** `@medusajs/locking-postgres` is none of them: it works inside Medusa alone. */
const RIVALS: Readonly<Record<string, readonly LockerName[]>> = {
  PostgreSQL: ['advisory-lock', '@verrou/core in a database'],
  MariaDB: ['@verrou/core in a database'],
}
const NAMES = namesOf('name', 64)
const LIMITS = { ttlMs: 10_000, waitMs: 60_000 }
const CROWD = { waiters: 32, p50Max: 2.5 }

export const sqlRivals: Suite = {
  name: 'sql-rivals',
  group: 'sql',
  about: 'PostgreSQL and MariaDB, other libraries measured like Holdfast: pairs, and 32 waiters that take turns',
  async run(settings) {
    const missing = await installCompetitors()
    if (missing !== undefined) throw new SuiteSkipped(missing)
    const figures: Figure[] = []
    for (const kind of stableKinds) {
      const names: readonly LockerName[] = ['holdfast', ...(RIVALS[kind.name] ?? [])]
      figures.push(...(await pairsOf(kind, names, settings)))
      for (const name of names) figures.push(...(await sqlHandOffOf(kind, name, CROWD, settings)))
    }
    return figures
  },
}

async function pairsOf(kind: Kind, names: readonly LockerName[], settings: Settings): Promise<readonly Figure[]> {
  return await withSqlServer(kind, async ({ url }) => {
    const [bare, again] = [await openBareRow(url), await openBareRow(url)]
    const lockers = await Promise.all(names.map((name) => openLocker(name, { url, ...LIMITS })))
    const [first, ...others] = lockers.map(contestant)
    const bareLock = ({ once }: typeof bare): Contestant => ({ pair: async () => void [await once(), await once()] })
    const contestants = [bareLock(bare), ...(first === undefined ? [] : [first]), bareLock(again), ...others]
    const played = await takeTurns(contestants, roundsIn(settings, contestants.length), nowMs())
    await Promise.all([...lockers.map((each) => each.close()), bare.close(), again.close()])
    // The third one is the reference again.
    return names.flatMap((name, place) => {
      const index = place === 0 ? 1 : place + 2
      return [
        {
          what: `${kind.name}, ${name}: p50 of a pair against two bare updates`,
          unit: '×',
          ...compared(played, latencyAt(0.5), index),
        },
        {
          what: `${kind.name}, ${name}: p99 of a pair`,
          unit: 'µs',
          value: percentile(pooledLatenciesUs(played, index), 0.99),
        },
        { what: `${kind.name}, ${name}: pairs per second`, unit: '/s', value: pairsPerSecond(played, index) },
      ]
    })
  })
}

function contestant(locker: Locker): Contestant {
  return {
    async pair(turn) {
      const giveBack = await locker.acquire(NAMES[turn % NAMES.length] ?? '')
      await giveBack()
    },
  }
}
