/** What a majority of five costs: Redlock beside one command to one server, and beside the same vote without a protocol. */
import { randomUUID } from 'node:crypto'
import { holdfast } from 'holdfast'
import { redlock } from 'holdfast/redlock'
import { type Engine, type Member, openProxy, type Proxy, redis } from '@holdfast/testbed/engines'
import { nowMs } from '../clock.ts'
import type { Figure, Settings, Suite } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import { compared, type Contestant, latencyAt, pooledLatenciesUs, roundsIn, type Slice, takeTurns } from '../slices.ts'
import { percentile } from '../statistics.ts'
import { connect, type CountingRedis } from './client.ts'

const NODES = 5
const MAJORITY = 3
const SLOW_MS = 50
const TTL_MS = 10_000
const NAMES = namesOf('name', 64)
/** The places of the contestants; place 2 is the reference again. */
const [TRIP, REDLOCK, VOTE] = [0, 1, 3]
const CONTESTANTS = 4

type Trouble = 'all up' | 'one dead' | 'one slow'

export const redisRedlock: Suite = {
  name: 'redlock',
  group: 'redis',
  about: `Redlock over ${NODES} Redis servers, names nobody else wants: from asking to holding, against one command to one server (SET NX PX) as the round trip; the slow one answers ${SLOW_MS} ms late`,
  async run(settings) {
    const figures: Figure[] = []
    for (const trouble of ['all up', 'one dead', 'one slow'] as const) {
      figures.push(...(await withNodes((nodes) => measure(nodes, trouble, settings))))
    }
    return figures
  },
}

async function withNodes<T>(work: (nodes: readonly Member[]) => Promise<T>): Promise<T> {
  await using group = await redis.shapes.single.start({ count: NODES })
  return await work(group.members)
}

async function measure(nodes: readonly Member[], trouble: Trouble, settings: Settings): Promise<readonly Figure[]> {
  const troubled = nodes.at(-1)?.engine
  if (troubled === undefined) throw new Error('there are no servers')
  const proxy = trouble === 'one slow' ? await slowed(troubled) : undefined
  const urls = nodes.map(({ engine }) => (engine === troubled && proxy ? proxy.through(engine.url) : engine.url))
  const clients = await Promise.all(urls.map(connect))
  const bare = await Promise.all(urls.map(connect))
  const locks = holdfast(redlock(clients), { ttl: TTL_MS })
  try {
    await locks.open()
    const counted = countingTrips(clients)
    const [one] = bare
    if (one === undefined) throw new Error('there are no servers')
    const trip = bareTrip(one)
    const ours: Contestant = {
      async pair(turn) {
        const asked = nowMs()
        counted.begin()
        const lease = await locks.acquire(NAMES[turn % NAMES.length] ?? '')
        const tookUs = (nowMs() - asked) * 1000
        counted.end()
        await lease.release()
        return tookUs
      },
    }
    if (trouble === 'one dead') await troubled.kill()
    const played = await takeTurns([trip, ours, trip, bareVote(bare)], roundsIn(settings, CONTESTANTS), nowMs())
    return figuresOf(trouble, played, counted.share())
  } finally {
    await locks.close()
    for (const client of [...clients, ...bare]) client.disconnect()
    await proxy?.close()
  }
}

async function slowed(engine: Engine): Promise<Proxy> {
  return await openProxy({ port: engine.port }, { kind: 'delay', delayMs: SLOW_MS })
}

/** A grant of one round trip sent no server more than one command. */
function countingTrips(clients: readonly CountingRedis[]): { begin(): void; end(): void; share(): number } {
  let before: readonly number[] = []
  let [grants, ofOneTrip] = [0, 0]
  return {
    begin: () => void (before = clients.map(({ sent }) => sent)),
    end: () => {
      grants += 1
      if (clients.every(({ sent }, index) => sent - (before[index] ?? 0) <= 1)) ofOneTrip += 1
    },
    share: () => ofOneTrip / grants,
  }
}

function bareTrip(client: CountingRedis): Contestant {
  return {
    async pair() {
      const [key, asked] = [`bare:${randomUUID()}`, nowMs()]
      await client.set(key, '', 'PX', TTL_MS, 'NX')
      const tookUs = (nowMs() - asked) * 1000
      await client.del(key)
      return tookUs
    },
  }
}

/** The same command to all, until a majority has answered: the least that any vote can be. */
function bareVote(clients: readonly CountingRedis[]): Contestant {
  return {
    async pair() {
      const [key, asked] = [`bare:${randomUUID()}`, nowMs()]
      const majority = Promise.withResolvers<void>()
      let votes = 0
      const count = (): void => {
        votes += 1
        if (votes === MAJORITY) majority.resolve()
      }
      const up = clients.filter(({ status }) => status === 'ready')
      for (const client of up) client.set(key, '', 'PX', TTL_MS, 'NX').then(count, () => undefined)
      await majority.promise
      const tookUs = (nowMs() - asked) * 1000
      for (const client of up) client.del(key).catch(() => undefined)
      return tookUs
    },
  }
}

function figuresOf(where: Trouble, played: readonly (readonly Slice[])[], share: number): readonly Figure[] {
  const at = (index: number, part: number): number => percentile(pooledLatenciesUs(played, index), part)
  return [
    {
      what: `${where}: grants in one round trip`,
      unit: '%',
      value: share * 100,
      ...(where === 'all up' && { target: { atLeast: 97 } }),
    },
    { what: `${where}: p50, in round trips`, unit: '×', ...compared(played, latencyAt(0.5), REDLOCK) },
    { what: `${where}: p50 of a bare vote, in round trips`, unit: '×', ...compared(played, latencyAt(0.5), VOTE) },
    { what: `${where}: p50`, unit: 'µs', value: at(REDLOCK, 0.5) },
    { what: `${where}: p99`, unit: 'µs', value: at(REDLOCK, 0.99) },
    { what: `${where}: round trip`, unit: 'µs', value: at(TRIP, 0.5) },
  ]
}
