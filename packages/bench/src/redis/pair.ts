/** What an uncontended lock costs in Redis, beside the bare driver. */
import { holdfast } from 'holdfast'
import { redis } from 'holdfast/redis'
import { nowMs } from '../clock.ts'
import type { Figure, Settings, Suite } from '../figure.ts'
import { holdfastLock, inTurn, type NameOf, namesOf, neverUsed } from '../holdfast-lock.ts'
import { type Contestant, type Readings, roundsIn, type Slice, takeTurns } from '../slices.ts'
import { bareLock, fastestBareLock } from './bare-lock.ts'
import { bareStore } from './bare-store.ts'
import { connect, type CountingRedis } from './client.ts'
import { pairFigures } from './pair-figures.ts'
import { type Server, withServer } from './server.ts'

const PAIR_NAMES = namesOf('name', 64)
export const IN_FLIGHT = [1, 64] as const

/** The names that all entrants of one comparison use. */
export type Naming = 'used' | 'fresh'

export function nameOf(naming: Naming): NameOf {
  return naming === 'used' ? inTurn(PAIR_NAMES) : neverUsed()
}

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

export const bareEntrant = (naming: Naming): Entrant => ({
  name: 'bare',
  start: async (client) => bareLock(client, nameOf(naming)),
})

export const holdfastEntrant = (naming: Naming): Entrant => ({
  name: 'acquire + release',
  async start(client) {
    const locks = holdfast(redis(client))
    await locks.open()
    return { ...holdfastLock(locks, nameOf(naming)), close: () => locks.close() }
  },
})

const storeEntrant = (naming: Naming): Entrant => ({
  name: 'store alone',
  start: async (client) => bareStore(redis(client), nameOf(naming)),
})

const fastestEntrant = (naming: Naming): Entrant => ({
  name: 'bare at its fastest',
  start: (client) => fastestBareLock(client, nameOf(naming)),
})

const BARE = 'a bare driver (SET NX PX, owner-checked delete)'

export const redisPair: Suite = {
  name: 'redis-pair',
  group: 'redis',
  about: `Redis, acquire + release of names nobody else wants; ratios against ${BARE}`,
  run: (settings) => pairsOf('used', settings),
}

export const redisFresh: Suite = {
  name: 'redis-fresh',
  group: 'redis',
  about: `Redis, acquire + release of names that nobody used before; ratios against ${BARE}, and keys left by each name`,
  run: (settings) => pairsOf('fresh', settings),
}

async function pairsOf(naming: Naming, settings: Settings): Promise<readonly Figure[]> {
  return await withServer(async (server) => {
    // The reference is the first and the third: it against itself is the noise.
    const entrants = [bareEntrant, holdfastEntrant, bareEntrant, storeEntrant, fastestEntrant].map((each) =>
      each(naming),
    )
    const ours = new Set(['acquire + release', 'store alone'])
    const figures: Figure[] = []
    let pairs = 0
    for (const inFlight of IN_FLIGHT) {
      const played = await playPairs(server, entrants, inFlight, settings)
      pairs += played.flatMap((slices) => [slices[1], slices[3]]).reduce((sum, slice) => sum + (slice?.pairs ?? 0), 0)
      figures.push(...pairFigures({ entrants, ours, inFlight }, played))
    }
    return naming === 'used' ? figures : [...figures, await keysLeftBy(server, pairs)]
  })
}

/** But for the one key that keeps the floor of all tokens. */
async function keysLeftBy({ url }: Server, pairs: number): Promise<Figure> {
  const client = await connect(url)
  const keys = (await client.dbsize()) - 1
  client.disconnect()
  return { what: 'keys left by each name', unit: '', value: Math.max(0, keys) / pairs, target: { atMost: 0 } }
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
