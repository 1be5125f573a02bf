/** What an uncontended lock costs through a server, beside the same lock in the SQLite file behind it. */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { holdfast } from 'holdfast'
import { http } from 'holdfast/http'
import { sqlite } from 'holdfast/sqlite'
import { nowMs } from '../clock.ts'
import type { Figure, Settings, Suite } from '../figure.ts'
import { inFolder } from '../folder.ts'
import { holdfastLock, inTurn, namesOf } from '../holdfast-lock.ts'
import {
  compared,
  type Contestant,
  cpuPerPair,
  latencyAt,
  pairsPerSecond,
  pooledLatenciesUs,
  roundsIn,
  takeTurns,
} from '../slices.ts'
import { percentile } from '../statistics.ts'
import { whileServed } from './server-process.ts'

const NAMES = namesOf('name', 16)
const WAYS = [
  ['in the file', 0],
  ['over HTTP', 1],
  ['two bare requests to the same server', 3],
] as const

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
  const agent = new Agent({ keepAlive: true })
  try {
    for (const locks of clients) await locks.open()
    const [file, far, again] = clients.map((locks) => holdfastLock(locks, inTurn(NAMES)))
    if (file === undefined || far === undefined || again === undefined) throw new Error('there are three clients')
    // The reference is the first and the third: it against itself is the noise.
    const entrants = [file, far, again, bareRequests(url, agent)]
    const played = await takeTurns(entrants, roundsIn(settings, entrants.length), nowMs())
    return [
      { what: 'over HTTP: p50, ratio', unit: '×', ...compared(played, latencyAt(0.5)) },
      { what: 'over HTTP: CPU of the client, ratio', unit: '×', ...compared(played, cpuPerPair) },
      ...WAYS.flatMap(([way, index]): readonly Figure[] => {
        const latencies = pooledLatenciesUs(played, index)
        return [
          { what: `${way}: p50`, unit: 'µs', value: percentile(latencies, 0.5) },
          { what: `${way}: p99`, unit: 'µs', value: percentile(latencies, 0.99) },
          { what: `${way}: pairs per second`, unit: '/s', value: pairsPerSecond(played, index) },
        ]
      }),
    ]
  } finally {
    agent.destroy()
    for (const locks of clients) await locks.close()
  }
}

/** What two requests cost that ask for nothing: the server says that it lives. */
function bareRequests(url: string, agent: Agent): Contestant {
  const ask = async (): Promise<void> => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${url}/livez`, { agent }, resolve).on('error', reject)
    })
    await once(response.resume(), 'end')
  }
  return {
    async pair() {
      await ask()
      await ask()
    },
  }
}
