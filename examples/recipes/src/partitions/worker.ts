/** One member that raises the totals of its partitions, by the remainder of their numbers or by a lock and a guard for each. */
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { holdfast, HoldfastError } from 'holdfast'
import { fence } from 'holdfast/guards/sqlite'
import { partitions } from 'holdfast/partitions'
import { sqlite } from 'holdfast/sqlite'
import { PARTITIONS, TTL_MS } from './settings.ts'

const [way = '', folder = ''] = process.argv.slice(2)
const shop = new DatabaseSync(`${folder}/shop.db`)
shop.exec('PRAGMA busy_timeout = 5000')
const read = shop.prepare('SELECT value FROM total WHERE partition = ?')
const write = shop.prepare('UPDATE total SET value = ? WHERE partition = ?')
const accept = shop.prepare('INSERT INTO accepted VALUES (?)')

/** What is between a read and a write, such as a call to another service: here a process is paused as a rule. */
async function raised(partition: number): Promise<number> {
  const value = Number(read.get(partition)?.['value'])
  await sleep(40)
  return value + 1
}

function store(partition: number, value: number): void {
  write.run(value, partition)
  accept.run(partition)
}

/** What is often written: who is alive stands in a table, and a partition belongs to the member that its number leads to. */
async function byRemainder(): Promise<void> {
  const beat = shop.prepare('INSERT INTO member VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET seen = excluded.seen')
  const living = shop.prepare('SELECT id FROM member WHERE seen > ? ORDER BY id')
  setInterval(() => beat.run(process.pid, Date.now()), TTL_MS / 5)
  process.send?.('begun')
  const work = async (partition: number): Promise<void> => {
    for (;;) {
      const ids = living.all(Date.now() - TTL_MS).map(({ id }) => id)
      if (ids[partition % ids.length] !== process.pid) await sleep(20)
      else {
        const value = await raised(partition)
        shop.exec('BEGIN IMMEDIATE')
        store(partition, value)
        shop.exec('COMMIT')
      }
    }
  }
  await Promise.all(Array.from({ length: PARTITIONS }, (_, partition) => work(partition)))
}

async function byPartitions(): Promise<void> {
  const locks = holdfast(sqlite({ path: `${folder}/locks.db` }), { ttl: TTL_MS })
  const guard = fence(shop)
  await partitions(locks, 'totals', { count: PARTITIONS, settle: '50ms' }).run(async (partition) => {
    guard.enter(partition)
    process.send?.('begun')
    while (!partition.stopping.aborted) {
      const value = await raised(partition.index)
      try {
        guard.run(partition, () => store(partition.index, value))
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error
        process.send?.('refused')
        return
      }
    }
  })
}

process.once('disconnect', () => process.exit())
await (way === 'with' ? byPartitions() : byRemainder())
