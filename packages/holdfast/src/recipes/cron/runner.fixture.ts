/** One process that runs a job several times a second and writes down each begin: run by `begun-once.test.ts`. */
import { DatabaseSync } from 'node:sqlite'
import { ledger } from '../../guards/sqlite/index.ts'
import { locksIn } from '../place.fixture.ts'
import { cron, type Schedule } from './index.ts'

export const INTERVAL_MS = 100
export const TTL_MS = 300
/** As many runs as the ledger lists. */
export const HISTORY = 100
const WORK_MS = 20

/** Every so many milliseconds since 1970. */
const every: Schedule = {
  nextRun: (after) => new Date((Math.floor(Number(after) / INTERVAL_MS) + 1) * INTERVAL_MS),
  previousRuns(count, before) {
    const last = Math.ceil(Number(before) / INTERVAL_MS) - 1
    return Array.from({ length: count }, (_, index) => new Date((last - index) * INTERVAL_MS))
  },
}

async function run(folder: string, place: string): Promise<void> {
  const db = new DatabaseSync(`${folder}/data.db`, { timeout: 10_000 })
  const begin = db.prepare('INSERT INTO begun (tick) VALUES (?)')
  const locks = locksIn(place, TTL_MS)
  const options = { schedule: every, atMostFor: '10s', startWithin: '1m', ledger: ledger(db), catchUp: 'all' } as const
  process.once('disconnect', () => process.exit())
  await cron(locks, 'often', { ...options, history: HISTORY }, async ({ tick }) => {
    begin.run(tick.getTime())
    await new Promise((resolve) => setTimeout(resolve, WORK_MS))
  })
  process.send?.('ready')
}

if (import.meta.main) await run(process.argv[2] ?? '', process.argv[3] ?? '')
