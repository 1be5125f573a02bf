/** What an uncontended lock costs in Redis, beside the bare driver. */
import { holdfast } from 'holdfast'
import { redis } from 'holdfast/redis'
import { nowMs } from '../clock.ts'
import type { Settings, Suite } from '../figure.ts'
import { holdfastLock, namesOf } from '../holdfast-lock.ts'
import { type Contestant, type Readings, roundsIn, type Slice, takeTurns } from '../slices.ts'
import { bareLock, fastestBareLock } from './bare-lock.ts'
import { bareStore } from './bare-store.ts'
import { connect, type CountingRedis } from './client.ts'
import { pairFigures } from './pair-figures.ts'
import { type Server, withServer } from './server.ts'

/** Names are used again and again, as programs do. */
export const PAIR_NAMES: readonly string[] = namesOf('name', 64)
export const IN_FLIGHT = [1, 64] as const

/** One program of the comparison, over a client that counts for it. */
export interface Entrant {
  readonly name: string
  start(client: CountingRedis, url: string): Promise<Opened>
}

export interface Opened extends Contestant {
  close?(): Promise<void>
  /** Where it has a client of its own. */
  sent?(): number
}

export const bareEntrant: Entrant = {
  name: 'bare',
  start: async (client) => bareLock(client, PAIR_NAMES),
}

export const holdfastEntrant: Entrant = {
  name: 'acquire + release',
  async start(client) {
    const locks = holdfast(redis(client))
    await locks.open()
    return { ...holdfastLock(locks, PAIR_NAMES), close: () => locks.close() }
  },
}

const storeEntrant: Entrant = {
  name: 'store alone',
  async start(client) {
    return bareStore(redis(client), PAIR_NAMES)
  },
}

const fastestEntrant: Entrant = {
  name: 'bare at its fastest',
  start: (client) => fastestBareLock(client, PAIR_NAMES),
}

export const redisPair: Suite = {
  name: 'redis-pair',
  group: 'redis',
  about:
    'Redis, acquire + release of names nobody else wants; ratios against a bare driver (SET NX PX, owner-checked delete)',
  run: (settings) =>
    withServer(async (server) => {
      // The reference is the first and the third: it against itself is the noise.
      const entrants = [bareEntrant, holdfastEntrant, bareEntrant, storeEntrant, fastestEntrant]
      const ours = new Set([holdfastEntrant.name, storeEntrant.name])
      const figures = []
      for (const inFlight of IN_FLIGHT) {
        const played = await playPairs(server, entrants, inFlight, settings)
        figures.push(...pairFigures({ entrants, ours, inFlight }, played))
      }
      return figures
    }),
}

export async function playPairs(
  server: Server,
  entrants: readonly Entrant[],
  inFlight: number,
  settings: Settings,
): Promise<readonly (readonly Slice[])[]> {
  const clients = await Promise.all(entrants.map(() => connect(server.url)))
  const opened: Opened[] = []
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0)
  const meter = async (): Promise<Readings> => ({
    ...(await server.readings()),
    sent: sum(clients.map(({ sent }) => sent)) + sum(opened.map((each) => each.sent?.() ?? 0)),
  })
  try {
    for (const [index, client] of clients.entries()) {
      const entrant = entrants[index]
      if (entrant !== undefined) opened.push(await entrant.start(client, server.url))
    }
    return await takeTurns(opened, roundsIn(settings, entrants.length), nowMs(), { inFlight, meter })
  } finally {
    for (const each of opened) await each.close?.()
    for (const client of clients) client.disconnect()
  }
}
