/**
 * The lab on servers, on every change: a Redis that is hurt in every way that this machine allows, well under two minutes.
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import * as redis from '@holdfast/testbed/engines/redis/driver'
import { startTicks, stateOf } from '@holdfast/testbed/engines/guard'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import * as fragileDisk from '@holdfast/testbed/os/fragile-disk'
import { requireAbility } from '@holdfast/testbed/os/rights'
import * as skewedClock from '@holdfast/testbed/os/skewed-clock'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { bin, broken, lab, LIMIT_MS, Runs } from '../live.fixture.ts'

const runs = new Runs()
const short = ['--store', 'redis:', '--for', '15s', '--workers', '4'] as const

beforeEach(async (context) => {
  await requireEngine(context, redis)
})
afterAll(() => runs.close())

// Two at a time: more of them on two cores would leave too little to judge.
describe('a run of Holdfast on a Redis of its own', { timeout: LIMIT_MS }, () => {
  test.concurrent('finds no violation when workers, their connections and the server are hurt', async ({ expect }) => {
    const faults = 'pause,kill,cut,black-hole,lose-replies,delay,kill-server'
    const { code, told } = await runs.judged('usual', ...short, '--faults', faults, '--resource', 'redis:')
    promised(() => expect(told.violations).toEqual([]))
    expect({ code, result: told.result, notJudged: told.notJudged }).toEqual({ code: 0, result: 'held', notJudged: [] })
    expect(told.faults.map(({ name, effective }) => [name, effective > 0])).toEqual(
      faults.split(',').map((name) => [name, true]),
    )
  })

  test.concurrent('finds no violation when clocks jump and the power fails, as long as all is synced first', async (context) => {
    await requireAbility(context, skewedClock.locate)
    await requireAbility(context, () => fragileDisk.locate())
    const { expect } = context
    const { code, told } = await runs.judged('root', ...short, '--faults', 'clock-jump,power-loss,disk-full')
    promised(() => expect(told.violations).toEqual([]))
    expect({
      code,
      result: told.result,
      excused: told.excused.filter(({ excuse }) => excuse.property !== 'F'),
    }).toEqual({
      code: 0,
      result: 'held',
      excused: [],
    })
  })
})

describe('a run on a server that forgets', { timeout: LIMIT_MS }, () => {
  test.concurrent('is violated without a guard: what may break, breaks', async ({ expect }) => {
    const { code, told } = await runs.violated('no-guard', ...short, '--faults', 'wipe', '--guard', 'off')
    expect({ code, result: told.result }).toEqual({ code: 1, result: 'violated' })
    expect(told.excused.map(({ excuse }) => excuse.property)).toContain('V')
    expect(broken(told).filter((property) => !['G', 'G″', 'L'].includes(property))).toEqual([])
  })

  test.concurrent('holds with the guard, also when it fails over, though two may hold', async ({ expect }) => {
    const { code, told } = await runs.judged('guard', ...short, '--faults', 'wipe,failover')
    promised(() => expect(told.violations).toEqual([]))
    expect({ code, result: told.result }).toEqual({ code: 0, result: 'held' })
  })
})

test('a run of Holdfast on a Redlock of its own finds no violation', { timeout: LIMIT_MS }, async ({ expect }) => {
  const faults = 'pause,kill,cut,partition,kill-server,wipe'
  const args = ['--store', 'redlock:', '--for', '12s', '--workers', '4', '--faults', faults]
  const { code, told } = await runs.judged('redlock', ...args)
  promised(() => expect(told.violations).toEqual([]))
  expect({ code, result: told.result, excused: told.excused }).toEqual({ code: 0, result: 'held', excused: [] })
})

describe('a run on servers that replace a primary by themselves', { timeout: LIMIT_MS }, () => {
  test.each(['redis+cluster', 'redis+sentinel'])(
    'holds with the guard on %s:, though a replica takes over that has not heard of everything',
    async (scheme) => {
      const faults = 'pause,kill-server,failover'
      const args = ['--store', `${scheme}:`, '--for', '15s', '--workers', '4', '--faults', faults]
      const { code, told } = await runs.judged(scheme, ...args)
      promised(() => expect(told.violations).toEqual([]))
      expect({ code, result: told.result }).toEqual({ code: 0, result: 'held' })
    },
  )
})

describe("a user's own server", { timeout: LIMIT_MS }, () => {
  test('is left alone: its clients are hurt on the way, and whatever would hurt it is refused', async ({ expect }) => {
    await using engine = await redis.start({ aof: 'always', password: 'canary-5e1f' })
    const { pid } = engine
    const own = ['--store', engine.url, '--for', '8s', '--workers', '4']
    const { code, told } = await runs.judged('own', ...own, '--faults', 'pause,cut,lose-replies')
    promised(() => expect(told.violations).toEqual([]))
    expect(code).toBe(0)
    expect(engine.pid).toBe(pid)
    const refused = await lab('run', ...own, '--faults', 'kill-server', '--out', join(runs.folder, 'refused'))
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('everybody who uses this store') as string,
    })
    const written = [told.files.history, told.files.timeline].map((path) => readFileSync(path, 'utf8'))
    expect([JSON.stringify(told), refused.stderr, ...written].join('')).not.toContain('canary-5e1f')
  })
})

const LOOK_MS = 50
/** What is left of the time of a test when the driver is killed. */
const TO_END_MS = 60_000

/** Processes that this one started, by the fourth field of proc_pid_stat(5). */
function childrenOf(pid: number | undefined): readonly number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return all.map(Number).filter((each) => {
    try {
      const text = readFileSync(`/proc/${each}/stat`, 'latin1')
      return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]) === pid
    } catch {
      return false
    }
  })
}

const slow = ['--faults', 'pause', '--ttl', '3s', '--seed', '7']
const endings = {
  run: { signal: 'SIGKILL', args: ['run', '--store', 'redis:', ...slow] },
  replay: { signal: 'SIGKILL', args: ['replay', 'redis-late-token'] },
  'run on a Cluster': { signal: 'SIGINT', args: ['run', '--store', 'redis+cluster:', ...slow] },
} as const

describe('a driver that is ended', { timeout: LIMIT_MS }, () => {
  test.for(Object.entries(endings))(
    'takes its processes along, those too that are stopped: %s',
    async ([name, { signal, args }], { expect }) => {
      const out = ['--out', join(runs.folder, `ended-${name.replaceAll(' ', '-')}`)]
      const driver = spawn(process.execPath, [bin, ...args, ...out], { stdio: ['ignore', 'pipe', 'pipe'] })
      let said = ''
      for (const stream of [driver.stdout, driver.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => (said += text))
      }
      const states = (): string[] => childrenOf(driver.pid).map((pid) => `${pid} ${stateOf(pid) ?? 'gone'}`)
      const hasStopped = (): boolean => states().some((state) => state.endsWith(' T'))
      const isOver = (): boolean => driver.exitCode !== null || driver.signalCode !== null
      // The limits of all that is started add up to more than a minute on a busy machine.
      const limitMs = performance.now() + LIMIT_MS - TO_END_MS
      while (!hasStopped() && !isOver() && performance.now() < limitMs) await sleep(LOOK_MS)
      const facts = { ended: driver.exitCode ?? driver.signalCode, children: states(), said }
      expect(hasStopped(), JSON.stringify(facts)).toBe(true)
      const born = new Map(childrenOf(driver.pid).map((pid) => [pid, startTicks(pid)]))
      const exited = once(driver, 'exit')
      driver.kill(signal)
      await exited
      const isAlive = (pid: number): boolean => !['Z', 'X'].includes(stateOf(pid) ?? 'X')
      const alive = (): number => [...born].filter(([pid, ticks]) => startTicks(pid) === ticks && isAlive(pid)).length
      await expect.poll(alive, { timeout: TO_END_MS / 2 }).toBe(0)
    },
  )
})
