/** @module-tag real-time */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseEvent } from '@holdfast/testbed/history'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const LIMIT_MS = 45_000

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function demo(...args: readonly string[]): Promise<Ended> {
  const env = { ...process.env, TMPDIR: folder }
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

test(
  'the built demo shows what it claims, tells the story and leaves the page and the history',
  { timeout: LIMIT_MS },
  async () => {
    const out = join(folder, 'page.html')
    const ended = await demo('--buyers', '8', '--processes', '3', '--json', '--out', out)
    const summary = JSON.parse(ended.stdout) as { shown: boolean; acts: { tickets: number; refused: number }[] }
    expect(ended.code).toBe(0)
    expect(summary.shown).toBe(true)
    expect(summary.acts.map(({ tickets }) => tickets > 1)).toEqual([true, true, false])
    expect(summary.acts[2]).toMatchObject({ tickets: 1, staleAccepted: 0 })
    for (const told of ['Act 3', 'is stopped (SIGSTOP)', 'The database refuses', 'is refunded', out]) {
      expect(ended.stderr).toContain(told)
    }
    // Not a terminal: no colour.
    expect(ended.stderr).not.toContain('\u001B')
    expect(readFileSync(out, 'utf8')).toContain('mark refused')
    const history = readFileSync(join(folder, 'page.ndjson'), 'utf8').trimEnd().split('\n')
    expect(history.filter((line) => parseEvent(line) === null)).toHaveLength(3)
    expect(readdirSync(folder).toSorted()).toEqual(['page.html', 'page.ndjson'])
  },
)

test(
  'an interrupted demo ends every process, the stopped one too, and removes its files',
  { timeout: LIMIT_MS },
  async () => {
    const args = [main, '--buyers', '8', '--processes', '3', '--out', join(folder, 'page.html')]
    const child = spawn(process.execPath, args, {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let told = ''
    await new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        told += text
        if (told.includes('is stopped (SIGSTOP)')) resolve()
      })
    })
    const [scratch = ''] = readdirSync(folder)
    const users = (): Promise<string> => processesWith(scratch)
    expect(await users()).not.toBe('')
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    await expect.poll(users).toBe('')
    expect(readdirSync(folder)).toEqual([])
  },
)

test('a wrong command line is told at once, with its own exit code', async () => {
  for (const [args, words] of [
    [['--buyers', '3'], '--buyers must be a whole number from 4 to 200, got "3"'],
    [['--bayers', '30'], '--bayers'],
    [['--out', join(folder, 'no', 'such', 'page.html')], 'cannot write to'],
  ] as const) {
    expect(await demo(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(words) as string })
  }
})

test('the help tells every option and the exit codes', async () => {
  const { code, stdout } = await demo('--help')
  expect(code).toBe(0)
  for (const word of ['--out', '--json', '--buyers', '--processes', 'Exit code']) expect(stdout).toContain(word)
})

/** The command lines that name the scratch folder: those of the buyers' processes. */
function processesWith(scratch: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('ps', ['-eo', 'args'], (_error, stdout) =>
      resolve(
        stdout
          .split('\n')
          .filter((line) => line.includes(scratch))
          .join('\n'),
      ),
    )
  })
}
