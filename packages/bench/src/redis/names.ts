/** Whether very many names make a lock in Redis slower, and what each of them takes. */
import { holdfast, type Locks } from 'holdfast'
import { redis } from 'holdfast/redis'
import { nowMs } from '../clock.ts'
import { type Figure, type Settings, sizeOf, type Suite } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import { compared, type Contestant, latencyAt, pooledLatenciesUs, roundsIn, takeTurns } from '../slices.ts'
import { percentile } from '../statistics.ts'
import { connect, type CountingRedis } from './client.ts'
import { copyIdle } from './idle-copies.ts'
import { type Server, withServer } from './server.ts'

const HELD = 100_000
const IDLE = 1_000_000
/** Asked for at once while filling. */
const AT_ONCE = 500
const USED = 64
const CONTESTANTS = 3

export const redisNames: Suite = {
  name: 'redis-names',
  group: 'redis',
  about: `Redis, acquire on a server with ${HELD.toLocaleString('en-US')} held or ${IDLE.toLocaleString('en-US')} once-used names against one with a single name`,
  run: async (settings) => [
    ...(await against(settings, `${HELD.toLocaleString('en-US')} held`, hold)),
    ...(await against(settings, `${IDLE.toLocaleString('en-US')} once used`, useOnce)),
  ],
}

interface Filled {
  readonly locks: Locks
  readonly client: CountingRedis
  readonly server: Server
  readonly settings: Settings
}

type Fill = (filled: Filled) => Promise<number>

async function against(settings: Settings, what: string, fill: Fill): Promise<readonly Figure[]> {
  return await withServer((small) =>
    withServer(async (large) => {
      const [few, many] = [await opened(small.url), await opened(large.url)]
      await use(few.locks, 'single')
      const before = await large.readings()
      const startedMs = nowMs()
      const names = await fill({ ...many, server: large, settings })
      const filledMs = nowMs() - startedMs
      const bytes = ((await large.readings())['usedBytes'] ?? 0) - (before['usedBytes'] ?? 0)
      const contestants = [few, many, few].map(({ locks }) => acquiring(locks))
      const played = await takeTurns(contestants, roundsIn(settings, CONTESTANTS), nowMs())
      for (const { locks, client } of [few, many]) {
        await locks.close()
        client.disconnect()
      }
      const p50 = (index: number): number => percentile(pooledLatenciesUs(played, index), 0.5)
      return [
        {
          what: `${what}: acquire p50, ratio`,
          unit: '×',
          ...compared(played, latencyAt(0.5)),
          target: { atMost: 1.2 },
        },
        { what: `${what}: acquire p50`, unit: 'µs', value: p50(1) },
        { what: `${what}: acquire p50 with one name`, unit: 'µs', value: p50(0) },
        { what: `${what}: memory of a name`, unit: 'bytes', value: bytes / names },
        { what: `${what}: filled in`, unit: 's', value: filledMs / 1000 },
      ]
    }),
  )
}

/** Long leases: here nothing shall be renewed. */
async function opened(url: string): Promise<Pick<Filled, 'locks' | 'client'>> {
  const client = await connect(url)
  const locks = holdfast(redis(client), { ttl: '1h' })
  await locks.open()
  return { locks, client }
}

async function use(locks: Locks, name: string): Promise<void> {
  const lease = await locks.acquire(name)
  await lease.release()
}

async function hold({ locks, settings }: Filled): Promise<number> {
  const names = namesOf('held', sizeOf(HELD, settings))
  for (let at = 0; at < names.length; at += AT_ONCE) {
    await Promise.all(names.slice(at, at + AT_ONCE).map((name) => locks.acquire(name)))
  }
  return names.length
}

/** One name is used, and what it leaves is copied by the server itself: byte for byte the same, and a hundred times as fast. */
async function useOnce({ locks, server, settings }: Filled): Promise<number> {
  const name = 'used0'
  await use(locks, name)
  const copies = sizeOf(IDLE, settings)
  await copyIdle(server, name, copies)
  return copies
}

/** Only the acquire counts. */
function acquiring(locks: Locks): Contestant {
  const names = namesOf('name', USED)
  return {
    async pair(turn) {
      const startedMs = nowMs()
      const lease = await locks.acquire(names[turn % USED] ?? '')
      const tookUs = (nowMs() - startedMs) * 1000
      await lease.release()
      return tookUs
    },
  }
}
