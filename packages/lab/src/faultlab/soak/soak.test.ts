/** What a soak does with what an earlier one left: no round is run here, because the hours are full already. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { labMain } from '../main.ts'
import { commitOfLab } from './commit.ts'
import type { Round, SoakState } from './state.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-soak-'))
  writeFileSync(record(), '| head |\n')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const record = (): string => join(folder, 'record.md')
const state = (): string => join(folder, 'soak', 'soak.json')

const common = {
  scheme: 'sqlite',
  persistence: 'always',
  resource: 'sqlite',
  faults: ['pause'],
  forMs: 60_000,
  workers: 6,
  seed: 5,
  ttlMs: 500,
  guard: true,
} as const

/** Half an hour. */
const round = (seed: number): Round => ({
  seed,
  startedAt: `2025-01-0${seed}T03:04:05Z`,
  result: 'held',
  text: '',
  tookMs: 1_800_000,
  grants: 7,
  refusals: 1,
  operations: 9,
  faults: [{ name: 'pause', made: 3, effective: 2 }],
})

function leave(rounds: readonly Round[], more: Partial<SoakState> = {}): void {
  mkdirSync(join(folder, 'soak'), { recursive: true })
  writeFileSync(state(), JSON.stringify({ v: 2, commit: commitOfLab(), common, rounds, recorded: {}, ...more }))
}

async function soak(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const said = { stdout: '', stderr: '' }
  const call = ['soak', '--out', join(folder, 'soak'), '--record', record(), '--hours', '0.5']
  const code = await labMain({
    args: [...call, '--faults', 'pause', '--seed', '5', ...args],
    environment: {},
    stdout: { write: (words: string) => (said.stdout += words) },
    stderr: { write: (words: string) => (said.stderr += words) },
  })
  return { code, ...said }
}

const row = (date: string, minutes: string, seeds: string, counts: string): string =>
  `| ${date} | ${commitOfLab()} | sqlite | ${minutes} min | ${seeds} | ${counts} |\n`

test('a soak goes on where it was, and writes its row when the hours are full', async () => {
  leave([round(5), round(6)])
  const both = row('2025-01-05', '60.0', '2 from seed 5', '14 | pause 6 (4) | 2 | 2 / 0 / 0')
  expect(await soak()).toEqual({
    code: 0,
    stdout: both,
    stderr: expect.stringContaining('goes on after 60.0 min') as string,
  })
  expect(readFileSync(record(), 'utf8')).toBe(`| head |\n${both}`)
})

test('a round has its row once: going on without a new one adds none, and new ones make a row of their own', async () => {
  leave([round(5), round(6)])
  await soak()
  const once = readFileSync(record(), 'utf8')
  expect((await soak()).stderr).toContain('no new round')
  expect(readFileSync(record(), 'utf8')).toBe(once)
  const { recorded } = JSON.parse(readFileSync(state(), 'utf8')) as SoakState
  leave([round(5), round(6), round(7)], { recorded })
  await soak()
  const third = row('2025-01-07', '30.0', '1 from seed 7', '7 | pause 3 (2) | 1 | 1 / 0 / 0')
  expect(readFileSync(record(), 'utf8')).toBe(`${once}${third}`)
})

test.each([
  [['--faults', 'kill'], '--faults pause, and not kill'],
  [['--faults', 'none'], '--faults pause, and not none'],
  [['--seed', '99'], '--seed 5, and not 99'],
  [['--store', 'redis:'], '--store sqlite, and not redis'],
  [['--round', '5s'], '--round in ms 60000, and not 5000'],
  [['--resource', 'redis:'], '--resource sqlite, and not redis'],
])('another kind of soak does not go on with these rounds: %j', async (args, difference) => {
  leave([round(5)])
  const { code, stdout, stderr } = await soak(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(difference)
  expect(stderr).toMatch(/^holdfast: .* give another --out, or delete it to begin anew\n$/)
  expect(readFileSync(record(), 'utf8')).toBe('| head |\n')
})

test('rounds of another commit, or of another version of the file, are not added to', async () => {
  leave([round(5)], { commit: 'abc1234' })
  expect(await soak()).toMatchObject({ code: 2, stderr: expect.stringContaining('made on abc1234, and not') as string })
  for (const text of ['{"v":1,"rounds":[]}', 'half a docum']) {
    writeFileSync(state(), text)
    expect(await soak()).toMatchObject({ code: 2, stderr: expect.stringContaining('not of this version') as string })
  }
})

test('a record that cannot be written and hours that are none are told before a round is run', async () => {
  leave([])
  for (const path of [join(folder, 'nowhere.md'), folder]) {
    expect(await soak('--record', path)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--record') as string,
    })
  }
  for (const hours of ['0', '-1', 'ever', '1001']) {
    const words = '--hours must be a number of more than 0 and up to 1000'
    expect(await soak(`--hours=${hours}`)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) as string })
  }
})
