/** How a lock in a database goes from waiter to waiter, beside one bare committed update of the same minute. */
import { holdfast, type Locks } from 'holdfast'
import { nowMs, sleep } from '../clock.ts'
import type { Figure, Suite } from '../figure.ts'
import { median, percentile } from '../statistics.ts'
import { type Database, withDatabases } from './databases.ts'

const CLIENTS = 4
const CROWDS = [2, 32] as const
const BARE_UPDATES = 50
const QUICK_SECONDS = 0.3
const HAND_OFF_MAX = 2.5
const TTL = '10s'
const WAIT = '60s'

interface Hold {
  readonly ranAtMs: number
  readonly sentAtMs: number
}

export const sqlHandOff: Suite = {
  name: 'sql-hand-off',
  group: 'sql',
  about: `PostgreSQL, MariaDB and MySQL with commits on the disk: waiters of ${CLIENTS} clients take turns; from release sent to the next holder running, against one bare update`,
  run: (settings) =>
    withDatabases(async (database) => {
      const figures: Figure[] = []
      for (const waiters of CROWDS) {
        const seconds = settings.quick ? QUICK_SECONDS : settings.seconds
        figures.push(...(await handOffOf(database, waiters, seconds)))
      }
      return figures
    }),
}

async function handOffOf(database: Database, waiters: number, seconds: number): Promise<readonly Figure[]> {
  const bareMs = [...(await bareUpdatesMs(database))]
  const clients = Array.from({ length: Math.min(CLIENTS, waiters) }, () => holdfast(database.store()))
  const holds: Hold[] = []
  const untilMs = nowMs() + seconds * 1000
  try {
    const each = Array.from({ length: waiters }, (_, index) => clients[index % clients.length] ?? [])
    await Promise.all(each.flat().map((locks) => takeTurns(locks, untilMs, holds)))
  } finally {
    for (const locks of clients) await locks.close()
  }
  holds.sort((one, other) => one.ranAtMs - other.ranAtMs)
  const gapsMs = holds.slice(1).map(({ ranAtMs }, index) => ranAtMs - (holds[index]?.sentAtMs ?? Number.NaN))
  bareMs.push(...(await bareUpdatesMs(database)))
  const where = `${database.name}, ${waiters} waiters`
  return [
    {
      what: `${where}: p50 in bare updates`,
      unit: '×',
      value: median(gapsMs) / median(bareMs),
      target: { atMost: HAND_OFF_MAX },
    },
    { what: `${where}: p50`, unit: 'ms', value: median(gapsMs) },
    { what: `${where}: p99`, unit: 'ms', value: percentile(gapsMs, 0.99) },
    { what: `${where}: bare update`, unit: 'ms', value: median(bareMs) },
    { what: `${where}: hand-offs per second`, unit: '/s', value: holds.length / seconds },
  ]
}

async function takeTurns(locks: Locks, untilMs: number, holds: Hold[]): Promise<void> {
  while (nowMs() < untilMs) {
    const lease = await locks.acquire('hand-off', { ttl: TTL, wait: WAIT })
    const ranAtMs = nowMs()
    await sleep(1)
    const sentAtMs = nowMs()
    holds.push({ ranAtMs, sentAtMs })
    await lease.release()
  }
}

/** Before and after the turns. */
async function bareUpdatesMs(database: Database): Promise<readonly number[]> {
  const tookMs: number[] = []
  for (let turn = 0; turn < BARE_UPDATES; turn += 1) {
    const beforeMs = nowMs()
    await database.update('one')
    tookMs.push(nowMs() - beforeMs)
  }
  return tookMs
}
