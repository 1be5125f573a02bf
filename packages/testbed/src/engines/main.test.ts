/** @module-tag real-time */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { UsageError } from '../command-line.ts'
import { helpText, readOrder } from './command-line.ts'
import { drivers } from './drivers.ts'
import { EngineNotAvailable } from './engine.ts'
import { stateOf } from './guard.ts'
import * as redis from './redis/driver.ts'
import { requireEngine } from './require-engine.ts'

describe('the command line', () => {
  test('names the engine, the count and the shape', () => {
    const order = readOrder(['redis', '5', '--proxy', '--disk'])
    expect(order).toMatchObject({ driver: redis, shape: redis.shapes.single })
    expect(order?.request).toEqual({ count: 5, proxied: true, storage: 'disk', release: 'stable' })
    expect(readOrder(['redis', '--cluster', '--replicas', '1'])?.request).toMatchObject({ replicas: 1 })
    expect(readOrder(['--help'])).toBeUndefined()
  })

  test.each([
    [[], 'no engine named'],
    [['rediz'], 'unknown engine "rediz"; known: redis'],
    [['redis', '0'], 'COUNT must be a whole number from 1 to 9'],
    [['redis', '2', '--cluster'], 'COUNT must be a whole number from 3 to 5'],
    [['redis', '3', '--cluster', '--sentinel'], 'not both'],
    [['redis', '--replicas', '1'], '--replicas means nothing'],
    [['redis', '1', '2'], 'too many words'],
    [['redis', '--nonsense'], 'nonsense'],
  ])('%j is refused: %s', (argv, message) => {
    expect(() => readOrder(argv)).toThrow(UsageError)
    expect(() => readOrder(argv)).toThrow(message)
  })

  test('the help names every shape of every engine', () => {
    for (const [name, { about }] of drivers.flatMap(({ shapes }) => Object.entries(shapes))) {
      expect(helpText).toContain(about)
      if (name !== 'single') expect(helpText).toContain(`--${name}`)
    }
  })
})

describe('an engine that cannot be had', () => {
  const missing = { locate: () => Promise.reject(new EngineNotAvailable('redis', 'no apt-get')) }
  const skipped: (string | undefined)[] = []
  const context = {
    skip: (note?: string): never => {
      skipped.push(note)
      throw new Error('skipped')
    },
  }

  afterEach(() => {
    skipped.length = 0
  })

  test('is skipped by name with the reason on a developer machine', async () => {
    vi.stubEnv('CI', undefined)
    await expect(requireEngine(context, missing)).rejects.toThrow('skipped')
    expect(skipped).toEqual(['redis is not available: no apt-get'])
  })

  test('fails in CI when Debian stable has it, and is skipped when only a later suite does', async () => {
    vi.stubEnv('CI', 'true')
    await expect(requireEngine(context, missing)).rejects.toThrow(EngineNotAvailable)
    expect(skipped).toEqual([])
    await expect(requireEngine(context, missing, 'newer')).rejects.toThrow('skipped')
  })
})

describe('by hand', () => {
  let child: ChildProcess

  beforeEach(async (context) => {
    await requireEngine(context, redis)
  })

  afterEach(() => {
    child.kill('SIGKILL')
  })

  test('prints what runs, does what is typed, and takes everything along on Ctrl-C', async () => {
    const main = join(import.meta.dirname, 'main.ts')
    const args = [main, 'redis', '2', '--proxy', '--json']
    child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    if (child.stdout === null || child.stdin === null) throw new Error('no pipes')
    const { stdin } = child
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const said = async (): Promise<unknown> => JSON.parse(String((await lines.next()).value))
    const typed = (line: string): Promise<unknown> => {
      stdin.write(`${line}\n`)
      return said()
    }
    const ready = (await said()) as { ready: boolean; servers: { pid: number; url: string; directUrl: string }[] }
    expect(ready).toMatchObject({ ready: true, servers: [{ server: 1, name: 'redis 1' }, { server: 2 }] })
    expect(ready.servers[0]?.url).not.toBe(ready.servers[0]?.directUrl)
    expect(await typed('kill 1')).toEqual({ server: 1, name: 'redis 1', text: 'down, proxy: pass' })
    expect(await typed('delay 2 50 20')).toMatchObject({ text: expect.stringContaining('proxy: delay') })
    expect(await typed('pause 7')).toMatchObject({ error: 'say which server behind pause: 1 to 2, or all, not "7"' })
    expect(await typed('pause')).toMatchObject({ error: 'say which server behind pause: 1 to 2, or all' })
    const unknown = 'unknown action "bogus"; known: status, log, stop, kill'
    expect(await typed('bogus')).toMatchObject({ error: expect.stringContaining(unknown) as string })
    expect(await typed('explode 1')).toMatchObject({ error: expect.stringContaining('unknown action "explode"') })
    await redis.ping(ready.servers[1]?.url ?? '')
    child.kill('SIGINT')
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code).toBe(0)
    for (const { pid } of ready.servers) expect(stateOf(pid)).toBeUndefined()
  })
})
