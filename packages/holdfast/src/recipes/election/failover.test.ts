/**
 * Twenty leaders in processes of their own are killed or stopped, and at no moment do two believe that they lead.
 * @module-tag real-time
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { expect, onTestFinished, test } from 'vitest'
import type { Locks } from '../locks.ts'
import type { Belief } from './leader.fixture.ts'
import { locksIn } from './place.fixture.ts'

const SLOW_MS = 90_000
const TTL_MS = 500
const FAILOVERS = 20
const SCRIPT = fileURLToPath(new URL('leader.fixture.ts', import.meta.url))

/** How long one token was believed in, and by which process. */
interface Reign {
  readonly fromMs: number
  toMs: number
  readonly leader: ChildProcess
}

class Crowd {
  readonly reigns = new Map<string, Reign>()
  readonly #place: string
  readonly #observer: Locks
  readonly #members = new Set<ChildProcess>()
  #onReign: (reign: Reign) => void = () => undefined

  constructor(place: string) {
    this.#place = place
    this.#observer = locksIn(place, TTL_MS)
  }

  /** A process needs longer to start than the lead needs to change hands: two stand by before a fault. */
  async standsBy(): Promise<void> {
    for await (const { claims } of this.#observer.observe('election:failover')) {
      if (claims.filter(({ state }) => state === 'waiting').length >= 2) return
    }
  }

  add(): void {
    const member = fork(SCRIPT, [this.#place, String(TTL_MS)])
    this.#members.add(member)
    member.on('message', (message) => {
      const { token, atMs } = message as Belief
      const known = this.reigns.get(token)
      if (known !== undefined) {
        known.toMs = Math.max(known.toMs, atMs)
        return
      }
      const reign = { fromMs: atMs, toMs: atMs, leader: member }
      this.reigns.set(token, reign)
      this.#onReign(reign)
    })
  }

  nextReign(): Promise<Reign> {
    return new Promise((resolve) => {
      this.#onReign = resolve
    })
  }

  async kill(member: ChildProcess): Promise<void> {
    const gone = once(member, 'exit')
    this.#members.delete(member)
    member.kill('SIGKILL')
    await gone
  }

  async end(): Promise<void> {
    await Promise.all([...this.#members].map((member) => this.kill(member)))
    await this.#observer.close()
  }
}

/** By which time each of these was survived, in milliseconds. */
async function failOver(crowd: Crowd): Promise<{ readonly killed: number[]; readonly stopped: number[] }> {
  const times = { killed: [] as number[], stopped: [] as number[] }
  const first = crowd.nextReign()
  for (let count = 0; count < 4; count += 1) crowd.add()
  let { leader } = await first
  for (let count = 0; count < FAILOVERS; count += 1) {
    await crowd.standsBy()
    const next = crowd.nextReign()
    const last = [...crowd.reigns.values()].at(-1)
    if (count % 2 === 0) {
      await crowd.kill(leader)
      crowd.add()
    } else {
      leader.kill('SIGSTOP')
    }
    const before = leader
    const reign = await next
    before.kill('SIGCONT')
    times[count % 2 === 0 ? 'killed' : 'stopped'].push(reign.fromMs - (last?.toMs ?? 0))
    leader = reign.leader
  }
  return times
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

async function judged(store: string, place: string): Promise<void> {
  const crowd = new Crowd(place)
  onTestFinished(() => crowd.end())
  const { killed, stopped } = await failOver(crowd)
  const reigns = [...crowd.reigns].toSorted(([, one], [, other]) => one.fromMs - other.fromMs)
  process.stdout.write(
    `${store}, ttl ${TTL_MS} ms, ${FAILOVERS} fail-overs: median ${median(killed).toFixed(0)} ms after a kill, ` +
      `${median(stopped).toFixed(0)} ms after a stop\n`,
  )
  promised(() => {
    expect(reigns.length).toBeGreaterThan(FAILOVERS)
    reigns.forEach(([token, { fromMs }], index) => {
      const [earlier, before] = reigns[index - 1] ?? []
      if (earlier === undefined || before === undefined) return
      expect(BigInt(token)).toBeGreaterThan(BigInt(earlier))
      expect(fromMs).toBeGreaterThan(before.toMs)
    })
  })
}

test('on SQLite', { timeout: SLOW_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-failover-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  await judged('sqlite', join(folder, 'locks.db'))
})

test('on Redis', { timeout: SLOW_MS }, async (context) => {
  await requireEngine(context, redisServer)
  const server = await redisServer.start()
  onTestFinished(() => server.stop())
  await judged('redis', server.url)
})
