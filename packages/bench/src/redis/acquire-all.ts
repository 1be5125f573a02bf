/** What many names at once cost on one server: in round trips, and in commands. */
import { holdfast } from 'holdfast'
import { redis } from 'holdfast/redis'
import { openProxy } from '@holdfast/testbed/engines'
import { nowMs } from '../clock.ts'
import type { Figure, Settings, Suite } from '../figure.ts'
import {
  compared,
  type Contestant,
  gainedPerPair,
  latencyAt,
  medianOf,
  type Readings,
  roundsIn,
  takeTurns,
} from '../slices.ts'
import { connect, type CountingRedis } from './client.ts'
import { withServer } from './server.ts'

const SIZES = [10, 100] as const
const ROUND_TRIPS = { atMost: 3 }
/** As between machines: what the work itself takes would hide the round trips else. */
const DELAY_MS = 2

export const redisAcquireAll: Suite = {
  name: 'redis-acquire-all',
  group: 'redis',
  about: `Redis with ${DELAY_MS} ms added each way, acquireAll of ${SIZES.join(' and ')} names that nobody used before; in round trips, which are PINGs in the same run`,
  async run(settings) {
    const figures: Figure[] = []
    for (const size of SIZES) figures.push(...(await acquireAllOf(size, settings)))
    return figures
  },
}

async function acquireAllOf(size: number, settings: Settings): Promise<readonly Figure[]> {
  return await withServer(async ({ url }) => {
    await using proxy = await openProxy({ port: Number(new URL(url).port) }, { kind: 'delay', delayMs: DELAY_MS })
    const [client, other] = [await connect(proxy.through(url)), await connect(proxy.through(url))]
    const locks = holdfast(redis(client))
    await locks.open()
    const trip = pinging(other)
    let used = 0
    const ours: Contestant = {
      async pair() {
        const names = Array.from({ length: size }, () => `fresh:${(used += 1)}`)
        const askedMs = nowMs()
        const leases = await locks.acquireAll(names)
        const tookUs = (nowMs() - askedMs) * 1000
        await leases.release()
        return tookUs
      },
    }
    const contestants = [trip, ours, trip]
    const meter = async (): Promise<Readings> => ({ sent: client.sent })
    try {
      const played = await takeTurns(contestants, roundsIn(settings, contestants.length), nowMs(), { meter })
      const what = `acquireAll of ${size}`
      return [
        { what: `${what}: p50, in round trips`, unit: '×', ...compared(played, latencyAt(0.5)), target: ROUND_TRIPS },
        { what: `${what}: p50`, unit: 'µs', value: medianOf(played, 1, latencyAt(0.5)) },
        {
          what: `${what} and their release: commands sent`,
          unit: '',
          value: medianOf(played, 1, gainedPerPair('sent')),
        },
      ]
    } finally {
      await locks.close()
      for (const each of [client, other]) each.disconnect()
    }
  })
}

function pinging(client: CountingRedis): Contestant {
  return {
    async pair() {
      await client.ping()
    },
  }
}
