/**
 * The part of the lab that runs on every change: real processes, real faults, well under 90 s on two cores.
 * @module-tag real-time
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parseEvent } from '@holdfast/testbed/history'
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
import { requireNeeds } from './scenarios/needs.ts'
import type { TraceDocument } from '../timeline/perfetto.ts'
import { broken, lab, labOnTerminal, LIMIT_MS, Runs, type Told } from './live.fixture.ts'

const runs = new Runs()
const { folder } = runs
afterAll(() => runs.close())

const judged = (name: string, ...args: readonly string[]): Promise<{ code: number; told: Told }> =>
  runs.judged(name, ...args)

describe.concurrent('a run', { timeout: LIMIT_MS }, () => {
  test('of Holdfast on SQLite finds no violation under stops, kills and a busy file, and judges every promise', async () => {
    const { code, told } = await judged('holdfast', '--for', '15s', '--workers', '4')
    promised(() => expect(told.violations).toEqual([]))
    expect({ code, result: told.result, notJudged: told.notJudged }).toEqual({ code: 0, result: 'held', notJudged: [] })
    expect(told.faults.map(({ name, effective }) => [name, effective > 0])).toEqual([
      ['pause', true],
      ['kill', true],
      ['busy', true],
    ])
    const lines = readFileSync(told.files.history, 'utf8').trimEnd().split('\n')
    expect(lines.slice(1).map(parseEvent)).not.toContain(null)
    const page = readFileSync(told.files.timeline, 'utf8')
    for (const part of ['id="timeline"', 'id="history"', 'No violation in']) expect(page).toContain(part)
    expect(page).not.toMatch(/https?:|<link|<img|<iframe|@import|\ssrc=/)
  })

  test('without the guard is violated: the stops hit the moment that only a guard covers', async () => {
    const { code, told } = await runs.violated(
      'no-guard',
      '--for',
      '15s',
      '--workers',
      '4',
      '--faults',
      'pause',
      '--guard',
      'off',
    )
    expect({ code, result: told.result }).toEqual({ code: 1, result: 'violated' })
    // The lock itself keeps its promises; what breaks is the resource.
    expect(broken(told)).toContain('G')
    for (const property of ['V', 'T', 'U', 'N', 'R']) expect(broken(told)).not.toContain(property)
  })

  test('of a lock that releases without asking whose it is finds two holders, and the page shows where', async () => {
    const args = ['--for', '10s', '--workers', '4', '--faults', 'pause', '--broken', 'no-owner-check']
    const { code, told } = await runs.violated('no-owner-check', ...args)
    expect({ code, result: told.result }).toEqual({ code: 1, result: 'violated' })
    expect(broken(told)).toContain('V')
    const page = readFileSync(told.files.timeline, 'utf8')
    expect(page).toMatch(/<a href="#L\d+">history.ndjson, line \d+<\/a>/)
  })

  test('of a lock whose tokens are a counter in Redis finds them again after a loss of data', async ({ skip }) => {
    await requireNeeds({ skip }, ['redis'])
    const args = ['--store', 'redis:', '--for', '4s', '--workers', '4', '--faults', 'wipe', '--broken', 'token-counter']
    const { code, told } = await runs.violated('token-counter', ...args)
    expect({ code, result: told.result }).toEqual({ code: 1, result: 'violated' })
    expect(broken(told)).toContain('T')
  })

  test('of a lock that loses its leases for nothing, without any fault, is violated', async () => {
    const path = join(folder, 'losing-lock.mjs')
    const module = new URL('../../dist/faultlab/traffic/holdfast-contender.js', import.meta.url).href
    writeFileSync(
      path,
      `import { openHoldfast } from ${JSON.stringify(module)}
export async function openContender(options) {
  const contender = await openHoldfast(options)
  const acquire = async (form, waitMs) => {
    const grant = await contender.acquire(form, waitMs)
    const release = () => (options.notes.lost(form.k, grant.token), grant.release())
    return { token: grant.token, isHeld: () => grant.isHeld(), remainingMs: () => grant.remainingMs(), release }
  }
  return { ...contender, acquire }
}
`,
    )
    const { code, told } = await runs.violated(
      'losing',
      '--for',
      '3s',
      '--workers',
      '2',
      '--faults',
      'none',
      '--lock',
      path,
    )
    expect({ code, broken: broken(told) }).toEqual({ code: 1, broken: ['A'] })
  })

  test('of the same lock without a flaw, given as a module, finds nothing', async () => {
    const path = join(folder, 'own-lock.mjs')
    const table = new URL('../../dist/faultlab/traffic/broken/open.js', import.meta.url).href
    writeFileSync(
      path,
      `import { openBroken } from ${JSON.stringify(table)}\nexport const openContender = (options) => openBroken('none', options)\n`,
    )
    const { code, told } = await judged(
      'own',
      '--for',
      '10s',
      '--workers',
      '4',
      '--faults',
      'pause,kill',
      '--lock',
      path,
    )
    promised(() => expect(told.violations).toEqual([]))
    expect({ code, result: told.result }).toEqual({ code: 0, result: 'held' })
  })
})

test('a search for a broken lock finds it, and says by what and when', { timeout: LIMIT_MS }, async () => {
  const args = ['--only', 'check-then-set', '--store', 'sqlite:', '--for', '3s', '--seed', '7', '--json']
  const { code, stdout } = await lab('find-broken', ...args, '--out', join(folder, 'search'))
  const { found } = JSON.parse(stdout) as {
    found: readonly { lock: string; broken: readonly { property: string; afterS: number }[] }[]
  }
  expect({ code, locks: found.map(({ lock }) => lock) }).toEqual({ code: 0, locks: ['check-then-set'] })
  expect(found[0]?.broken[0]).toMatchObject({ property: expect.stringMatching(/^[VT]$/) as string })
})

test(
  'a run on a terminal draws how far it is, and writes a trace that a viewer can open',
  { timeout: LIMIT_MS },
  async () => {
    const trace = join(folder, 'run.trace.json')
    const args = [
      '--for',
      '2s',
      '--workers',
      '2',
      '--faults',
      'pause',
      '--trace',
      trace,
      '--out',
      join(folder, 'traced'),
    ]
    const drawn = await labOnTerminal('run', ...args)
    expect(drawn).toMatch(/\r\u001b\[Kfaults [12] s left {2}\d+ grants \(\d+ a second\) {2}pause \d/)
    expect(drawn).toContain('\r\u001b[Kjudges the history')
    const { traceEvents, otherData } = JSON.parse(readFileSync(trace, 'utf8')) as TraceDocument
    expect(otherData['command']).toContain('holdfast lab run --store sqlite:')
    const tracks = new Set(traceEvents.filter(({ name }) => name === 'thread_name').map(({ args: { name } }) => name))
    for (const track of ['faults', 'holds', 'works', 'waits']) expect(tracks).toContain(track)
    const processes = traceEvents.filter(({ name }) => name === 'process_name').map(({ args: { name } }) => name)
    expect(processes).toEqual(expect.arrayContaining(['w1', 'w2']))
    const held = traceEvents.filter(({ cat }) => cat === 'hold')
    expect(held.length).toBeGreaterThan(2)
    for (const { ph, ts, dur, args: about } of held) {
      expect(ph).toBe('X')
      expect(ts).toBeGreaterThanOrEqual(0)
      expect(dur).toBeGreaterThanOrEqual(0)
      expect(about['token']).toMatch(/^\d+$/)
    }
    const { code, stderr } = await lab('run', '--for', '1s', '--trace', trace, '--out', join(folder, 'not-traced'))
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('exists; a trace overwrites nothing') as string,
    })
  },
)

describe('what cannot be judged', { timeout: LIMIT_MS }, () => {
  test('ends with 2 and the reason when a worker dies by itself', async () => {
    const path = join(folder, 'dying-lock.mjs')
    const body = "if (process !== 'first') throw new Error('no such engine'); return { close: async () => undefined }"
    writeFileSync(path, `export const openContender = async ({ process }) => { ${body} }\n`)
    const { code, stderr } = await lab(
      'run',
      '--for',
      '1s',
      '--faults',
      'none',
      '--lock',
      path,
      '--out',
      join(folder, 'dying'),
    )
    expect(code).toBe(2)
    expect(stderr).toMatch(/could not judge: w\d ended by itself with 1[^]*no such engine/)
  })

  test('ends with 2 when a worker dies by itself and its place is struck by a kill: the death is not the kill', async () => {
    const path = join(folder, 'buggy-lock.mjs')
    const module = new URL('../../dist/faultlab/traffic/broken/open.js', import.meta.url).href
    const bug = "if (/^w\\d/.test(process)) setTimeout(() => Promise.reject(new Error('a bug')), 300)"
    const open = '(options) => { const { process } = options; ' + bug + "; return openBroken('none', options) }"
    writeFileSync(path, `import { openBroken } from ${JSON.stringify(module)}\nexport const openContender = ${open}\n`)
    const args = ['--for', '5s', '--workers', '2', '--faults', 'kill', '--lock', path, '--out', join(folder, 'buggy')]
    const { code, stderr } = await lab('run', ...args)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/w\d ended by itself[^]*a bug/) as string,
    })
  })

  test('ends with 2 and the reason, and does not go on for ever, when the lock under test cannot tell what it left', async () => {
    const path = join(folder, 'silent-lock.mjs')
    const module = new URL('../../dist/faultlab/traffic/holdfast-contender.js', import.meta.url).href
    const open =
      "async (options) => ({ ...(await openHoldfast(options)), leftovers: async () => { throw new Error('the store is away') } })"
    writeFileSync(
      path,
      `import { openHoldfast } from ${JSON.stringify(module)}\nexport const openContender = ${open}\n`,
    )
    const args = ['--for', '1s', '--workers', '2', '--faults', 'none', '--lock', path, '--out', join(folder, 'silent')]
    const { code, stderr } = await lab('run', ...args)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('the store is away') as string })
  })

  test.each([
    [['run', '--faults', 'cut'], 'there is no connection'],
    [['run', '--faults', 'earthquake'], 'there is no such fault'],
    [['run', '--store', 'memory:'], 'lives inside one process'],
    [['run', '--broken', 'everything'], '--broken must be one of'],
    [['run', '--workers', '1'], '--workers must be a whole number from 2 to 32'],
    [['run', '--for', 'ever'], 'for'],
    [['run', '--broken', 'none', '--faults', 'busy'], 'does not use the lock file'],
    [['run', '--broken', 'client-clock', '--store', 'redis:'], 'there is none on redis:, but with --store sqlite:'],
    [['replay', 'nothing'], 'there is no replay "nothing"'],
    [['dance'], 'lab has no "dance"'],
    [['run', '--lock', 'nonexistent.js'], '--lock: there is no file'],
    [['run', '--lock', 'a-folder'], '--lock: there is no file'],
    [['run', '--lock', 'no-javascript.mjs'], 'the module given with --lock cannot be loaded: Unexpected'],
    [['run', '--lock', 'no-lock.mjs'], 'exports no function openContender'],
    [['run', '--store', 'redis://127.0.0.1:1'], 'Redis cannot be reached (ECONNREFUSED)'],
  ])('is told at once, in one line: %j', async ([command = '', ...args], words) => {
    mkdirSync(join(folder, 'a-folder'), { recursive: true })
    writeFileSync(join(folder, 'no-javascript.mjs'), '<html>')
    writeFileSync(join(folder, 'no-lock.mjs'), 'export const open = 1')
    const given = args.map((arg) => (/\.m?js$|^a-folder$/.test(arg) ? join(folder, arg) : arg))
    const out = command === 'run' ? ['--out', mkdtempSync(join(folder, 'wrong-'))] : []
    const { code, stderr } = await lab(command, ...given, ...out)
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) as string })
    expect(stderr).not.toContain('    at ')
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^holdfast: /)
  })

  test('is a fault that would hit other users of a lock file', async () => {
    const path = join(folder, 'others.db')
    writeFileSync(path, '')
    const args = ['--store', `sqlite:${path}`, '--faults', 'wipe', '--out', join(folder, 'others')]
    const { code, stderr } = await lab('run', ...args)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('everybody who uses this store') as string,
    })
    expect(existsSync(path)).toBe(true)
  })
})
