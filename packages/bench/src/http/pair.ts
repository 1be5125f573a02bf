/** What an uncontended lock costs through a server, beside the same lock in the SQLite file behind it. */
import { join } from 'node:path'
import { holdfast } from 'holdfast'
import { http } from 'holdfast/http'
import { sqlite } from 'holdfast/sqlite'
import { nowMs } from '../clock.ts'
import type { Figure, Settings, Suite } from '../figure.ts'
import { inFolder } from '../folder.ts'
import { holdfastLock, inTurn, namesOf } from '../holdfast-lock.ts'
import { compared, cpuPerPair, latencyAt, pairsPerSecond, pooledLatenciesUs, roundsIn, takeTurns } from '../slices.ts'
import { percentile } from '../statistics.ts'
import { whileServed } from './server-process.ts'

const NAMES = namesOf('name', 16)
const WAYS = ['in the file', 'over HTTP'] as const

export const httpPair: Suite = {
  name: 'http-pair',
  group: 'http',
  about:
    'acquire + release of names nobody else wants over a server on this machine; ratios against its SQLite file itself',
  run: (settings) =>
    inFolder(async (folder) => {
      const path = join(folder, 'locks.db')
      return await whileServed(`sqlite:${path}`, (url) => playedOver(url, path, settings))
    }),
}

async function playedOver(url: string, path: string, settings: Settings): Promise<readonly Figure[]> {
  const clients = [holdfast(sqlite({ path })), holdfast(http(url)), holdfast(sqlite({ path }))]
  try {
    for (const locks of clients) await locks.open()
    // The reference is the first and the third: it against itself is the noise.
    const entrants = clients.map((locks) => holdfastLock(locks, inTurn(NAMES)))
    const played = await takeTurns(entrants, roundsIn(settings, entrants.length), nowMs())
    return [
      { what: 'p50, ratio', unit: '×', ...compared(played, latencyAt(0.5)) },
      { what: 'CPU of the client, ratio', unit: '×', ...compared(played, cpuPerPair) },
      ...WAYS.flatMap((way, index): readonly Figure[] => {
        const latencies = pooledLatenciesUs(played, index)
        return [
          { what: `${way}: p50`, unit: 'µs', value: percentile(latencies, 0.5) },
          { what: `${way}: p99`, unit: 'µs', value: percentile(latencies, 0.99) },
          { what: `${way}: pairs per second`, unit: '/s', value: pairsPerSecond(played, index) },
        ]
      }),
    ]
  } finally {
    for (const locks of clients) await locks.close()
  }
}
