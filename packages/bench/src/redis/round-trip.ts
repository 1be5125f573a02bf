/** What everything in Redis is made of: one command that does nothing, asked and answered. */
import type { Redis } from 'ioredis'
import { nowMs, sleep } from '../clock.ts'
import { connect } from './client.ts'

const TIMES = 300
/** Of a new connection and a cold client. */
const WARM_UP = 50
const BETWEEN_MS = 10

/** One after the other, while nothing else happens. */
export async function idleRoundTripsUs(url: string): Promise<readonly number[]> {
  const client = await connect(url)
  const tripsUs: number[] = []
  for (let time = 0; time < WARM_UP + TIMES; time += 1) {
    const tripUs = await roundTripUs(client)
    if (time >= WARM_UP) tripsUs.push(tripUs)
  }
  client.disconnect()
  return tripsUs
}

/** Now and then, beside whatever else this process does; its commands are not counted with those of others. */
export async function roundTripsUntil(url: string, untilMs: number): Promise<readonly number[]> {
  const client = await connect(url)
  const tripsUs: number[] = []
  while (nowMs() < untilMs) {
    tripsUs.push(await roundTripUs(client))
    await sleep(BETWEEN_MS)
  }
  client.disconnect()
  return tripsUs
}

async function roundTripUs(client: Redis): Promise<number> {
  const askedMs = nowMs()
  await client.ping()
  return (nowMs() - askedMs) * 1000
}
