/**
 * A busy machine must not turn the run red, and must not hide anything either: suites that fail in every way, on a
 * machine that is called starved and on one that is called quiet.
 */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../support/run.ts'
import { root } from '../support/tree.ts'

const url = (path: string): string => JSON.stringify(pathToFileURL(join(root, path)).href)

/** Each test notes that it ran; `first()` is true only in the run in which everything runs. */
const HELPERS = `
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
const first = (name: string): boolean => {
  appendFileSync('ran', name + '\\n')
  if (existsSync(name + '.ran')) return false
  writeFileSync(name + '.ran', '')
  return true
}
const never = new Promise(() => {})
`

const SUITES: Readonly<Record<string, string>> = {
  'waits.test.ts': `/** @module-tag real-time */${HELPERS}
describe('a wait (of 1.5 s)', () => {
  test('is right when alone', () => expect(first('once')).toBe(false))
  test('is wrong also when alone', () => expect(first('twice')).toBe('right'))
  test('is right', () => expect(first('right')).toBe(true))
})`,
  'plain.test.ts': `${HELPERS}
test('a sum is wrong once', () => expect(first('sum')).toBe(false))
test('a sum takes too long once', { timeout: 300 }, () => (first('slow sum') ? never : undefined))`,
  'promise.test.ts': `/** @module-tag real-time */${HELPERS}
import { promised } from '@holdfast/testbed/watchdog/broken-promise'
test('two hold at once, once', () => promised(() => expect(first('two holders')).toBe(false)))`,
  'hook.test.ts': `${HELPERS}
beforeAll(() => (first('hook') ? never : undefined), 300)
test('stands on a hook', () => void first('on a hook'))`,
  'broken.test.ts': `/** @module-tag real-time */${HELPERS}
test('is loaded', () => {})
if (first('load')) throw new Error('cannot be loaded')`,
}

const config = (starvation: string): string => `
import { defineConfig } from 'vitest/config'
import { ClosingLine } from ${url('tests/support/closing-line.ts')}
const watch = { starvation: () => (${starvation}), close: async () => undefined }
export default defineConfig({ test: { reporters: [new ClosingLine(() => watch)], tags: [{ name: 'real-time' }] } })
`

interface Seen {
  readonly code: number
  readonly lines: readonly string[]
  /** How often each test was run. */
  readonly runs: Readonly<Record<string, number>>
}

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

async function ran(starvation: string): Promise<Seen> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-repeats-'))
  folders.push(folder)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'vitest.config.ts'), config(starvation))
  for (const [name, text] of Object.entries(SUITES)) writeFileSync(join(folder, name), text)
  const script = `import { runAll, vitest } from ${url('scripts/suites.mjs')}
const folder = ${JSON.stringify(folder)}
process.exitCode = await runAll([(env) => vitest([], folder, env)], { folder })`
  const args = ['--input-type=module', '--eval', script]
  const { code, output } = await run(process.execPath, args, { env: { HOLDFAST_TALLY: undefined } })
  const names = readFileSync(join(folder, 'ran'), 'utf8').trimEnd().split('\n')
  const runs = Object.fromEntries(names.map((name) => [name, names.filter((each) => each === name).length]))
  return { code, lines: output.trimEnd().split('\n'), runs }
}

const listed = ({ lines }: Seen, word: string): readonly string[] =>
  lines.flatMap((line) => (line.startsWith(`${word}: `) ? [line.slice(word.length + 2)] : [])).toSorted()

describe('on a starved machine', () => {
  let seen: Seen
  beforeAll(async () => {
    seen = await ran('{ slowdown: 4.2, lateMs: 700 }')
  })

  test('what waits for real time or took too long is repeated alone, and listed with how late the machine was', () => {
    const words = '; the machine was 4.2 times slower than alone, a timer fired 700 ms late'
    const timeout = 'timed out in 300ms.'
    expect(listed(seen, 'repeated')).toEqual([
      `hook.test.ts: hook.test.ts — Hook ${timeout}${words}`,
      `plain.test.ts: a sum takes too long once — Test ${timeout}${words}`,
      `waits.test.ts: a wait (of 1.5 s) > is right when alone — expected true to be false // Object.is equality${words}`,
      `waits.test.ts: a wait (of 1.5 s) > is wrong also when alone — expected true to be 'right' // Object.is equality${words}`,
    ])
    expect(seen.runs).toMatchObject({ once: 2, 'slow sum': 2, hook: 2 })
  })

  test('only what failed is repeated, and only once', () => {
    expect(seen.runs).toMatchObject({ right: 1, twice: 2 })
  })

  test('what no load excuses stands: a broken promise, a wrong answer, a file that cannot be loaded', () => {
    expect(seen.runs).toMatchObject({ 'two holders': 1, sum: 1, load: 1 })
  })

  test('what failed again has failed, and the last line adds everything up', () => {
    expect(listed(seen, 'failed').map((line) => line.split(' — ')[0])).toEqual([
      'a sum is wrong once',
      'a wait (of 1.5 s) > is wrong also when alone',
      'broken.test.ts',
      'two hold at once, once',
    ])
    expect({ code: seen.code, last: seen.lines.at(-1) }).toEqual({ code: 1, last: '4 passed, 4 failed' })
  })
})

describe('on a quiet machine', () => {
  test('every failure stands, and nothing is run again', async () => {
    const seen = await ran('undefined')
    expect(listed(seen, 'repeated')).toEqual([])
    expect(Math.max(...Object.values(seen.runs))).toBe(1)
    expect(listed(seen, 'failed')).toHaveLength(7)
    expect({ code: seen.code, last: seen.lines.at(-1) }).toEqual({ code: 1, last: '1 passed, 7 failed, 1 skipped' })
  })
})
