/** What everything on a server is made of, asked and answered: in Redis a command that does nothing, in a database one committed change, where a quorum agrees a key that is made and deleted. */
import { nowMs, sleep } from '../clock.ts'
import { connect } from '../redis/client.ts'
import { etcdEngine } from '../etcd/engine.ts'
import type { QuorumEngine } from '../quorum/engine.ts'
import { openBareRow } from '../sql/bare-row.ts'
import { zookeeperEngine } from '../zookeeper/engine.ts'
import type { HandOffPart } from './hand-off-worker.ts'

const TIMES = 300
/** Of a new connection and a cold client. */
const WARM_UP = 50
const BETWEEN_MS = 10

interface Unit {
  once(): Promise<unknown>
  close(): Promise<void>
}

async function openUnit(url: string): Promise<Unit> {
  const engine = [etcdEngine, zookeeperEngine].find(({ scheme }) => url.startsWith(`${scheme}:`))
  if (engine !== undefined) return await openBarePair(engine, url)
  if (!url.startsWith('redis')) return await openBareRow(url)
  const client = await connect(url)
  return { once: () => client.ping(), close: async () => client.disconnect() }
}

/** With the first of the members: which one leads costs a message more or less. */
async function openBarePair(engine: QuorumEngine, url: string): Promise<Unit> {
  const [first = ''] = url.split(',')
  const bare = await engine.bare(first, [`process-${process.pid}`])
  return { once: async () => bare.pair(0), close: () => bare.close() }
}

/** One after the other, while nothing else happens. */
export async function idleRoundTripsUs(url: string): Promise<readonly number[]> {
  const unit = await openUnit(url)
  const tripsUs: number[] = []
  for (let time = 0; time < WARM_UP + TIMES; time += 1) {
    const tripUs = await roundTripUs(unit)
    if (time >= WARM_UP) tripsUs.push(tripUs)
  }
  await unit.close()
  return tripsUs
}

/** How many of them a worker has sent in all. */
export function barePairsOf({ roundTripsUs }: Pick<HandOffPart, 'roundTripsUs'>): number {
  return WARM_UP + TIMES + roundTripsUs.length
}

/** Now and then, beside whatever else this process does; its commands are not counted with those of others. */
export async function roundTripsUntil(url: string, untilMs: number): Promise<readonly number[]> {
  const unit = await openUnit(url)
  const tripsUs: number[] = []
  while (nowMs() < untilMs) {
    tripsUs.push(await roundTripUs(unit))
    await sleep(BETWEEN_MS)
  }
  await unit.close()
  return tripsUs
}

async function roundTripUs(unit: Unit): Promise<number> {
  const askedMs = nowMs()
  await unit.once()
  return (nowMs() - askedMs) * 1000
}
