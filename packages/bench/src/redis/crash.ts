/** How soon the next waiter has the lock when the process that held it is killed. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { holdfast, type Locks } from 'holdfast'
import { redis } from 'holdfast/redis'
import { nowMs } from '../clock.ts'
import { type Figure, roundsOf, type Suite } from '../figure.ts'
import { namesOf } from '../holdfast-lock.ts'
import { median, percentile } from '../statistics.ts'
import { connect } from './client.ts'
import { withServer } from './server.ts'

const TTL_MS = 500
/** Locks of one process that die together: one kill, so many samples. */
const NAMES = 4
const ROUNDS_PER_SECOND = 5

interface Wait {
  /** From the kill to the next holder running. */
  readonly afterKillMs: number
  /** From the end of the dead holder's lease on the server's clock. */
  readonly afterEndMs: number
}

export const redisCrash: Suite = {
  name: 'redis-crash',
  group: 'redis',
  about: `Redis, a process that has just taken ${NAMES} locks of ${TTL_MS} ms is killed (SIGKILL) while another process waits for them`,
  run: (settings) =>
    withServer(async ({ url }) => {
      const client = await connect(url)
      await using locks = holdfast(redis(client), { wait: '1m' })
      await locks.open()
      const waits: Wait[] = []
      for (let round = 0; round < roundsOf(Math.round(settings.seconds * ROUNDS_PER_SECOND), settings); round += 1) {
        waits.push(...(await killAndWait(locks, url, TTL_MS, namesOf(`round-${round}`, NAMES))))
      }
      await locks.close()
      client.disconnect()
      return figuresOf(waits)
    }),
}

export async function killAndWait(
  locks: Locks,
  url: string,
  ttlMs: number,
  names: readonly string[],
): Promise<readonly Wait[]> {
  const holder = fork(fileURLToPath(new URL('./crash-holder.js', import.meta.url)), [url, String(ttlMs), ...names])
  const kill = (): void => void holder.kill('SIGKILL')
  process.once('exit', kill)
  try {
    await once(holder, 'message')
    const standing = allWait(locks, names.length)
    const turns = names.map(async (name) => {
      const lease = await locks.acquire(name)
      const ranAtMs = nowMs()
      await lease.release()
      return ranAtMs
    })
    await standing
    const killedAtMs = nowMs()
    await die(holder)
    const endsAtMs = await Promise.all(names.map((name) => endOf(locks, name)))
    const ranAtMs = await Promise.all(turns)
    return ranAtMs.map((atMs, index) => ({
      afterKillMs: atMs - killedAtMs,
      afterEndMs: atMs - (endsAtMs[index] ?? Number.NaN),
    }))
  } finally {
    process.removeListener('exit', kill)
    kill()
  }
}

async function allWait(locks: Locks, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let waiting = 0
  const stop = locks.on('waiting', () => {
    waiting += 1
    if (waiting === count) resolve()
  })
  await promise
  stop()
}

async function die(holder: ChildProcess): Promise<void> {
  const gone = once(holder, 'exit')
  holder.kill('SIGKILL')
  await gone
}

/** On our clock; never too late, because it counts from before we asked. */
async function endOf(locks: Locks, name: string): Promise<number> {
  const askedAtMs = nowMs()
  const { claims } = await locks.inspect(name)
  const held = claims.find(({ state }) => state === 'held')
  return askedAtMs + (held?.endsInMs ?? Number.NaN)
}

function figuresOf(waits: readonly Wait[]): readonly Figure[] {
  const kills = waits.map(({ afterKillMs }) => afterKillMs)
  const ends = waits.map(({ afterEndMs }) => afterEndMs).filter((ms) => !Number.isNaN(ms))
  return [
    { what: 'kills × locks', unit: '', value: waits.length },
    { what: 'p50 after the kill', unit: 'ms', value: median(kills), target: { atMost: TTL_MS + 20 } },
    { what: 'p99 after the kill', unit: 'ms', value: percentile(kills, 0.99), target: { atMost: TTL_MS + 250 } },
    { what: 'p50 after the end of the lease', unit: 'ms', value: median(ends) },
    { what: 'p99 after the end of the lease', unit: 'ms', value: percentile(ends, 0.99) },
    { what: 'the shortest after the end of the lease', unit: 'ms', value: Math.min(...ends), target: { atLeast: 0 } },
  ]
}
