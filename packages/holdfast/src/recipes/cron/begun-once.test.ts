/**
 * A hundred ticks on five processes that are stopped and killed, and whose clocks are up to two minutes apart: each begins once.
 * `HOLDFAST_TICKS=2000 npx vitest run packages/holdfast/src/recipes/cron/begun-once` is the long form.
 * @module-tag real-time
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { requireAbility } from '@holdfast/testbed/os/rights'
import { locate as locateClock, openSkewedClock } from '@holdfast/testbed/os/skewed-clock'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { expect, onTestFinished, test } from 'vitest'
import { ledger } from '../../guards/sqlite/index.ts'
import { History } from '../tick-list/history.ts'
import { HISTORY, INTERVAL_MS, TTL_MS } from './runner.fixture.ts'

const TICKS = Number(process.env['HOLDFAST_TICKS'] ?? 100)
const TICKS_OF_ONE_CLOCK = TICKS / 2
const PROCESSES = 5
/** Two are near the first, and take up what it misses; the others come to a tick when the ledger has forgotten it. */
const CLOCKS_AHEAD_MS = [120_000, 119_000, 117_000, 60_000, 0]
const SLOW_MS = 60_000 + TICKS * 2 * INTERVAL_MS
const CATCH_UPS_MAX = 200
/** A process that is killed, or stopped past its lease, between the entry in the ledger and the first line of its work has spent a tick. */
const HURTS_FOR_ONE_SPENT = 4
const SCRIPT = fileURLToPath(new URL('runner.fixture.ts', import.meta.url))

type Environment = Readonly<Record<string, string>>

/** Processes of one job, and what they wrote down. */
class Runners {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'holdfast-ticks-'))
  readonly #place: string
  readonly #db: DatabaseSync
  /** With the environment of each; the one that was hurt last is the last. */
  readonly #running = new Map<ChildProcess, Environment>()
  readonly #listed = new Set<number>()
  stops = 0
  kills = 0

  constructor(place?: string) {
    this.#place = place ?? join(this.#folder, 'locks.db')
    this.#db = new DatabaseSync(join(this.#folder, 'data.db'), { timeout: 10_000 })
    this.#db.exec('PRAGMA journal_mode = WAL; CREATE TABLE begun (tick INTEGER)')
  }

  async add(environment: Environment): Promise<void> {
    const child = fork(SCRIPT, [this.#folder, this.#place], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, ...environment },
    })
    await once(child, 'message')
    this.#running.set(child, environment)
  }

  async hurt(): Promise<void> {
    const [victim, environment = {}] = [...this.#running][0] ?? []
    if (victim === undefined) throw new Error('no process is left')
    this.#running.delete(victim)
    if ((this.stops + this.kills) % 2 === 0) {
      victim.kill('SIGSTOP')
      await pause(2 * TTL_MS)
      this.#look()
      victim.kill('SIGCONT')
      this.stops += 1
      this.#running.set(victim, environment)
    } else {
      await killed(victim)
      this.#look()
      this.kills += 1
      await this.add(environment)
    }
  }

  async haveBegun(count: number): Promise<void> {
    while (this.begun().length < count) await pause(INTERVAL_MS)
  }

  begun(): readonly number[] {
    const rows = this.#db.prepare('SELECT tick FROM begun ORDER BY tick').all()
    return rows.map(({ tick }) => Number(tick))
  }

  /** Of these ticks, neither begun nor ever seen in the ledger, which forgets: looked at whenever a process was hurt. */
  unlisted(due: readonly number[]): number {
    this.#look()
    const begun = new Set(this.begun())
    return due.filter((tick) => !begun.has(tick) && !this.#listed.has(tick)).length
  }

  #look(): void {
    const lock = { namespace: 'default', name: 'cron:often' }
    for (const { tick } of History.parse(lock.name, ledger(this.#db).get(lock)?.value).runs)
      this.#listed.add(tick.getTime())
  }

  async end(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((each) => killed(each)))
    this.#db.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** `aheadMs`: of the process whose clock is first, which begins the ticks as long as it is well. */
async function judged(runners: Runners, count: number, aheadMs: number): Promise<string> {
  await runners.haveBegun(1)
  const first = Math.ceil((Date.now() + aheadMs) / INTERVAL_MS + 1) * INTERVAL_MS
  const due = Array.from({ length: count }, (_, index) => first + index * INTERVAL_MS)
  while (Date.now() + aheadMs < (due.at(-1) ?? 0)) await runners.hurt()
  // Those that were busy are caught up with.
  for (let wait = 0; wait < CATCH_UPS_MAX && runners.unlisted(due) > 0; wait += 1) await pause(INTERVAL_MS)
  const ticks = runners.begun()
  const [all, { stops, kills }] = [new Set(ticks), runners]
  const never = due.filter((tick) => !all.has(tick)).length
  promised(() => expect(ticks).toEqual([...all]))
  expect(runners.unlisted(due)).toBe(0)
  expect(never).toBeLessThanOrEqual(Math.ceil((stops + kills) / HURTS_FOR_ONE_SPENT))
  return `${count} ticks, ${stops} stops, ${kills} kills: ${ticks.length - all.size} begun twice, ${never} never begun`
}

test('ticks begin once each, whatever is done to the processes', { timeout: SLOW_MS }, async () => {
  const runners = new Runners()
  onTestFinished(() => runners.end())
  await Promise.all(Array.from({ length: PROCESSES }, () => runners.add({})))
  process.stdout.write(`SQLite, one clock: ${await judged(runners, TICKS_OF_ONE_CLOCK, 0)}\n`)
})

test('ticks begin once each although clocks are two minutes apart', { timeout: SLOW_MS }, async (context) => {
  await requireEngine(context, redisServer)
  await requireAbility(context, locateClock)
  const server = await redisServer.start()
  const runners = new Runners(server.url)
  const clocks = await Promise.all(CLOCKS_AHEAD_MS.map(() => openSkewedClock()))
  onTestFinished(async () => {
    await runners.end()
    for (const clock of clocks) clock.close()
    await server.close()
  })
  clocks.forEach((clock, index) => clock.set(CLOCKS_AHEAD_MS[index] ?? 0))
  const [fastest, ...others] = clocks.map(({ environment }) => environment)
  await runners.add(fastest ?? {})
  // Nothing is forgotten yet, and each of the others would find ticks of its own to begin.
  await runners.haveBegun(HISTORY)
  await Promise.all(others.map((environment) => runners.add(environment)))
  const aheadMs = Math.max(...CLOCKS_AHEAD_MS)
  process.stdout.write(`Redis, clocks 0 to ${aheadMs / 1_000} s apart: ${await judged(runners, TICKS, aheadMs)}\n`)
})
