/**
 * Twenty leaders in processes of their own are killed or stopped: at no moment do two believe that they lead, and none writes
 * behind its successor. `HOLDFAST_FAILOVERS=200 npx vitest run packages/holdfast/src/recipes/election/failover` is the long form.
 * @module-tag real-time
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { expect, onTestFinished, test } from 'vitest'
import { assertTurns, Crowd } from '../crowd.fixture.ts'
import { locksIn } from '../place.fixture.ts'

const TTL_MS = 500
const FAILOVERS = Number(process.env['HOLDFAST_FAILOVERS'] ?? 20)
const SLOW_MS = 60_000 + FAILOVERS * 2_000
const SCRIPT = fileURLToPath(new URL('leader.fixture.ts', import.meta.url))

/** A process needs longer to start than the lead needs to change hands: two stand by before a fault. */
async function standsBy(place: string): Promise<void> {
  await using observer = locksIn(place, TTL_MS)
  for await (const { claims } of observer.observe('election:failover')) {
    if (claims.filter(({ state }) => state === 'waiting').length >= 2) return
  }
}

/** By which time each of these was survived, in milliseconds. */
async function failOver(
  crowd: Crowd,
  place: string,
): Promise<{ readonly killed: number[]; readonly stopped: number[] }> {
  const times = { killed: [] as number[], stopped: [] as number[] }
  const first = crowd.nextReign()
  for (let count = 0; count < 4; count += 1) crowd.add()
  let last = await first
  for (let count = 0; count < FAILOVERS; count += 1) {
    await standsBy(place)
    const next = crowd.nextReign()
    const isKill = count % 2 === 0
    if (isKill) {
      await crowd.kill(last.holder)
      crowd.add()
    } else {
      last.holder.kill('SIGSTOP')
    }
    const reign = await next
    last.holder.kill('SIGCONT')
    times[isKill ? 'killed' : 'stopped'].push(reign.fromMs - last.toMs)
    last = reign
  }
  return times
}

const median = (values: readonly number[]): string =>
  (values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0).toFixed(0)

async function judged(store: string, place: string, folder: string): Promise<void> {
  const register = join(folder, 'register.db')
  const db = new DatabaseSync(register, { timeout: 10_000 })
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE writes (token INTEGER NOT NULL)')
  const crowd = new Crowd(SCRIPT, [place, String(TTL_MS), register])
  onTestFinished(async () => {
    await crowd.end()
    db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const { killed, stopped } = await failOver(crowd, place)
  const rows = db.prepare('SELECT CAST(token AS TEXT) AS token FROM writes ORDER BY rowid').all()
  const writes = rows.map(({ token }) => BigInt(String(token)))
  const stale = writes.filter((token, index) => token < (writes[index - 1] ?? 0n))
  process.stdout.write(
    `${store}, ttl ${TTL_MS} ms, ${FAILOVERS} fail-overs: median ${median(killed)} ms after a kill, ${median(stopped)} ms ` +
      `after a stop; ${writes.length} writes, ${crowd.words.length} stale ones refused, ${stale.length} admitted\n`,
  )
  expect(crowd.reigns.length).toBeGreaterThan(FAILOVERS)
  assertTurns(crowd.reigns)
  promised(() => expect(stale).toEqual([]))
  // Each leader that was stopped has tried to write behind its successor, but where that had not written yet.
  expect(crowd.words.length).toBeGreaterThan(FAILOVERS / 10)
}

test('on SQLite', { timeout: SLOW_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-failover-'))
  await judged('sqlite', join(folder, 'locks.db'), folder)
})

test('on Redis', { timeout: SLOW_MS }, async (context) => {
  await requireEngine(context, redisServer)
  const server = await redisServer.start()
  onTestFinished(() => server.stop())
  await judged('redis', server.url, mkdtempSync(join(tmpdir(), 'holdfast-failover-')))
})
