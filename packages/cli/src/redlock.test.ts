/**
 * `holdfast redlock` over real servers: from three servers to five, with every wait that the steps have.
 * @module-tag real-time
 */
import { type Engine, redis, requireEngine } from '@holdfast/testbed/engines'
import type { RedlockServer } from 'holdfast/redlock'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { documentsIn, type Ended, Sandbox } from './fixture.ts'

// The change waits twice for leases of 1 s and 7 s more; the rest is for a busy machine.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 })

let sandbox: Sandbox
let engines: readonly Engine[] = []
let [three, five, both] = ['', '', '']

beforeEach(async (context) => {
  sandbox = new Sandbox()
  await requireEngine(context, redis)
  engines = await Promise.all(Array.from({ length: 5 }, () => redis.start({ aof: 'always' })))
  const places = engines.map(({ url }) => new URL(url).host)
  const old = places.slice(0, 3).join(',')
  three = `redlock://${old}?maxTtl=1000`
  five = `redlock://${places.join(',')}`
  both = `${five}?from=${old}`
})
afterEach(async () => {
  await sandbox.close()
  await Promise.all(engines.map((engine) => engine.close()))
})

const call = (...args: readonly string[]): Promise<Ended> => sandbox.run(args)
const tryRun = (store: string): Promise<Ended> =>
  call('--store', store, 'run', '--ttl', '1s', '--no-wait', 'job', '--', 'echo', 'mine')

/** Since a client that knows the old list alone was at work. */
async function soleForMs(): Promise<number> {
  const servers = documentsIn((await call('redlock', 'status', both, '--json')).stdout) as readonly RedlockServer[]
  return Math.min(...servers.map(({ soleClientForMs }) => soleClientForMs ?? Number.POSITIVE_INFINITY))
}

it('changes three servers to five while runs go on, and keeps out those who know the other list alone', async () => {
  expect(await tryRun(three)).toMatchObject({ code: 0, stdout: 'mine\n' })
  expect(await tryRun(five)).toMatchObject({ code: 2, stderr: expect.stringMatching(/other servers/) as string })
  const begun = await call('redlock', 'begin', both)
  expect(begun).toMatchObject({ code: 0, stdout: expect.stringMatching(/votes count in 8\.0s.*both lists/) as string })
  expect(begun.stderr).toMatch(/127\.0\.0\.1:\d+: stays, under the old list\n.*: is new, has no data\n/s)
  expect(await tryRun(three)).toMatchObject({ code: 0, stdout: 'mine\n' })
  const early = await call('redlock', 'finish', both, '--yes')
  expect(early).toMatchObject({ code: 2, stdout: '' })
  expect(early.stderr).toMatch(/a client that knows the old list alone was at work \d s ago/)

  // Four of five must vote for a client that knows both lists, so this waits for the quarantine of the new servers.
  const between = await call('--store', both, 'run', '--ttl', '1s', '--wait', '40s', 'job', '--', 'echo', 'mine')
  expect(between).toMatchObject({ code: 0, stdout: 'mine\n' })
  await vi.waitFor(async () => expect(await soleForMs()).toBeGreaterThan(11_000), { timeout: 40_000, interval: 1_000 })
  const one = await call('redlock', 'finish', both, '--yes', '--no-wait', '--json')
  expect(one.code).toBe(0)
  expect(documentsIn(one.stdout)).toEqual([{ step: 'left', waitMs: 8_000 }])
  expect(await tryRun(three)).toMatchObject({ code: 2, stdout: '' })
  expect(await tryRun(five)).toMatchObject({ code: 2, stdout: '' })
  const finished = await call('redlock', 'finish', both, '--yes')
  expect(finished).toMatchObject({ code: 0, stdout: expect.stringMatching(/^the new list counts/) as string })
  expect(finished.stderr).toMatch(/the old list is taken away; what was granted under it is over in [\d.]+s/)
  for (const store of [five, both]) expect(await tryRun(store)).toMatchObject({ code: 0, stdout: 'mine\n' })
  expect(await tryRun(three)).toMatchObject({ code: 2, stdout: '' })
})

it('shows each server, for people and as documents', async () => {
  await tryRun(three)
  const { code, stdout, stderr } = await call('redlock', 'status', both)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^SERVER +CHANGE +STATE +QUARANTINE +LAST CLIENT +LIST\n/)
  expect(stdout).toMatch(
    /\n127\.0\.0\.1:\d+ +stays +under the old list +- +\S+ ago +127\..* with a maxTtl of 1000 ms\n/,
  )
  expect(stdout).toMatch(/\n127\.0\.0\.1:\d+ +is new +has no data +- +- +-\n/)
  await engines[4]?.kill()
  const documents = documentsIn((await call('redlock', 'status', both, '--json')).stdout)
  expect(documents).toHaveLength(5)
  expect(documents.at(0)).toMatchObject({ on: 'both', under: 'old', quarantinedForMs: 0 })
  expect(documents.at(-1)).toMatchObject({ on: 'new', under: 'away', list: '', soleClientForMs: null })
})

it('asks at a terminal before a step that costs something, and takes no for an answer', async () => {
  const no = [[/Take this step\? \[y\/N\] $/, 'n']] as const
  const { code, stderr } = await sandbox.talk(['redlock', 'start', three], no)
  expect(code).toBe(1)
  expect(stderr).toMatch(/no lock is granted until every lease of before is over/)
  expect(stderr).toMatch(/nothing was done/)
  expect((await call('redlock', 'status', three)).stdout).toMatch(/has no data/)
  const yes = await sandbox.talk(['redlock', 'start', three], [[/Take this step\?/, 'y']])
  expect(yes).toMatchObject({ code: 0, stdout: expect.stringMatching(/locks are granted in 8\.0s/) as string })
})
