/**
 * A hundred ticks on five processes that are stopped and killed: each begins once.
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
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { expect, onTestFinished, test } from 'vitest'
import { ledger } from '../../guards/sqlite/index.ts'
import { History } from '../tick-list/history.ts'
import { INTERVAL_MS, TTL_MS } from './runner.fixture.ts'

const TICKS = 100
const PROCESSES = 5
const SLOW_MS = 90_000
const CATCH_UPS_MAX = 200
const SCRIPT = fileURLToPath(new URL('runner.fixture.ts', import.meta.url))

async function runner(folder: string): Promise<ChildProcess> {
  const child = fork(SCRIPT, [folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  await once(child, 'message')
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

test('a hundred ticks begin once each, whatever is done to the processes', { timeout: SLOW_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-ticks-'))
  const db = new DatabaseSync(join(folder, 'data.db'), { timeout: 10_000 })
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE begun (tick INTEGER)')
  const runners = new Set<ChildProcess>()
  onTestFinished(async () => {
    await Promise.all([...runners].map((each) => killed(each)))
    db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  for (const each of await Promise.all(Array.from({ length: PROCESSES }, () => runner(folder)))) runners.add(each)
  const begun = (): number[] =>
    db
      .prepare('SELECT tick FROM begun ORDER BY tick')
      .all()
      .map(({ tick }) => Number(tick))
  while (begun().length === 0) await pause(INTERVAL_MS)
  const first = begun()[0] ?? 0
  const last = first + (TICKS - 1) * INTERVAL_MS
  let [stops, kills] = [0, 0]
  while (Date.now() < last) {
    const [victim] = runners
    if (victim === undefined) throw new Error('no process is left')
    runners.delete(victim)
    if ((stops + kills) % 2 === 0) {
      victim.kill('SIGSTOP')
      await pause(2 * TTL_MS)
      victim.kill('SIGCONT')
      stops += 1
      runners.add(victim)
    } else {
      await killed(victim)
      kills += 1
      runners.add(await runner(folder))
    }
  }
  const due = Array.from({ length: TICKS }, (_, index) => first + index * INTERVAL_MS)
  const book = ledger(db)
  const lock = { namespace: 'default', name: 'cron:often' }
  const neverListed = (): number => {
    const { runs } = History.parse(lock.name, book.get(lock)?.value)
    const listed = new Set([...begun(), ...runs.map(({ tick }) => tick.getTime())])
    return due.filter((tick) => !listed.has(tick)).length
  }
  // Those that were busy are caught up with.
  for (let wait = 0; wait < CATCH_UPS_MAX && neverListed() > 0; wait += 1) await pause(INTERVAL_MS)
  const ticks = begun()
  const never = due.filter((tick) => !ticks.includes(tick)).length
  process.stdout.write(`${TICKS} ticks, ${stops} stops, ${kills} kills: ${never} never begun\n`)
  promised(() => expect(ticks).toEqual([...new Set(ticks)]))
  expect(neverListed()).toBe(0)
  // Killed between the entry in the ledger and the first line of its work: the tick of that run alone is spent.
  expect(never).toBeLessThanOrEqual(1)
})
