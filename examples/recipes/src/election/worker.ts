/** One process that wants to lead and to append to the log, by a lease in a table or by an election with a guard. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast, HoldfastError } from 'holdfast'
import { election } from 'holdfast/election'
import { fence } from 'holdfast/guards/sqlite'
import { sqlite } from 'holdfast/sqlite'
import { TTL_MS } from './settings.ts'

const [way = '', folder = ''] = process.argv.slice(2)
const log = new DatabaseSync(`${folder}/log.db`)
log.exec('PRAGMA busy_timeout = 5000')
const insert = log.prepare('INSERT INTO log (term) VALUES (?)')

/** The moment between a check and a write, in which a process may be paused: told to the conductor, who does it. */
async function aboutToWrite(term: bigint): Promise<void> {
  process.send?.(`term ${term}`)
  await sleep(20)
}

/** What is often written: a row with an expiry, taken when it is over, renewed by a timer. */
async function byLeaseInTable(): Promise<never> {
  const take = log.prepare('UPDATE lease SET term = term + 1, owner = ?, ends = ? WHERE ends < ? RETURNING term')
  const renew = log.prepare('UPDATE lease SET ends = ? WHERE owner = ?')
  for (;;) {
    const row = take.get(process.pid, Date.now() + TTL_MS, Date.now())
    const term = row === undefined ? undefined : BigInt(Number(row['term']))
    while (term !== undefined && renew.run(Date.now() + TTL_MS, process.pid).changes > 0) {
      await aboutToWrite(term)
      insert.run(term)
      process.send?.('wrote')
    }
    await sleep(50)
  }
}

async function byElection(): Promise<void> {
  const locks = holdfast(sqlite({ path: `${folder}/locks.db` }), { ttl: TTL_MS })
  const guard = fence(log)
  await election(locks, 'appender').lead(async (term) => {
    while (!term.stopping.aborted) {
      await aboutToWrite(term.token)
      try {
        guard.run(term, () => insert.run(term.token))
        process.send?.('wrote')
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error
        process.send?.(`refused ${error.code}`)
      }
    }
  })
}

process.once('disconnect', () => process.exit())
await (way === 'with' ? byElection() : byLeaseInTable())
