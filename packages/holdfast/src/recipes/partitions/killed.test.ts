/**
 * Members in processes of their own are killed and stopped, and so is their server: every partition is taken up, none has two
 * owners, and those of the others stay where they are.
 * @module-tag real-time
 */
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../time/clock.ts'
import { assertTurns, Crowd } from '../crowd.fixture.ts'
import { locksIn } from '../place.fixture.ts'

const TTL_MS = 500
const COUNT = 6
const SLOW_MS = 60_000
const SCRIPT = fileURLToPath(new URL('owner.fixture.ts', import.meta.url))
const indexes = Array.from({ length: COUNT }, (_, index) => String(index))

/** Resolves with the token of each partition once all are at work since then, as many in each of these processes. */
async function allAtWork(crowd: Crowd, members: readonly ChildProcess[], sinceMs: number): Promise<readonly string[]> {
  const owners = (): readonly (ChildProcess | undefined)[] =>
    indexes.map((index) => {
      const reign = crowd.newest().get(index)
      return reign !== undefined && reign.toMs >= sinceMs ? reign.holder : undefined
    })
  const share = COUNT / members.length
  await expect
    .poll(() => members.map((member) => owners().filter((owner) => owner === member).length), { timeout: 20_000 })
    .toEqual(members.map(() => share))
  return indexes.map((index) => crowd.newest().get(index)?.token ?? '')
}

test(
  'a group takes up what members had that were killed or stopped, and goes on after its server was killed',
  { timeout: SLOW_MS },
  async (context) => {
    await requireEngine(context, redisServer)
    const server = await redisServer.start({ aof: 'always' })
    const crowd = new Crowd(SCRIPT, [server.url, String(TTL_MS), String(COUNT)])
    const observer = locksIn(server.url, TTL_MS)
    onTestFinished(async () => {
      await crowd.end()
      await observer.close()
      await server.close()
    })
    for (let count = 0; count < 3; count += 1) crowd.add()
    const now = (): number => systemClock.monotonicMs()
    const before = await allAtWork(crowd, crowd.members, now())

    // The one that makes the assignments: its owner is host and process.
    const { claims } = await observer.inspect('partitions:orders:leader')
    const pid = claims.find(({ state }) => state === 'held')?.owner.split('/')[1]
    const leader = crowd.members.find((member) => String(member.pid) === pid)
    if (leader === undefined) throw new Error(`no member has the process ${pid}`)
    const kept = indexes.filter((index) => crowd.newest().get(index)?.holder !== leader)
    const killedMs = now()
    await crowd.kill(leader)
    const after = await allAtWork(crowd, crowd.members, now())
    const takenMs = Math.max(...indexes.map((index) => crowd.newest().get(index)?.fromMs ?? 0)) - killedMs
    expect(indexes.filter((index) => before[Number(index)] === after[Number(index)])).toEqual(kept)

    const [sleeper, other] = crowd.members
    if (sleeper === undefined || other === undefined) throw new Error('two members are left')
    sleeper.kill('SIGSTOP')
    const stoppedMs = now()
    await allAtWork(crowd, [other], stoppedMs)
    const overMs = Math.max(...indexes.map((index) => crowd.newest().get(index)?.fromMs ?? 0)) - stoppedMs
    sleeper.kill('SIGCONT')
    await allAtWork(crowd, [sleeper, other], now())
    process.stdout.write(
      `ttl ${TTL_MS} ms: the partitions of a killed leader were at work after ${takenMs.toFixed(0)} ms, ` +
        `those of a stopped member after ${overMs.toFixed(0)} ms\n`,
    )

    await server.kill()
    const goneMs = now()
    // Every lease of before is over, and no process believes in one.
    await expect.poll(() => now() - Math.max(...crowd.reigns.map(({ toMs }) => toMs))).toBeGreaterThan(TTL_MS)
    expect(Math.max(...crowd.reigns.map(({ toMs }) => toMs)) - goneMs).toBeLessThan(TTL_MS)
    await server.restart()
    await allAtWork(crowd, crowd.members, now())
    assertTurns(crowd.reigns)
  },
)
