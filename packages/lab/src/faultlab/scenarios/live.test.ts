/**
 * Every replay is played on every change, several at a time: most of each is waiting for a lease to end.
 * @module-tag real-time
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { scenarios } from './catalogue.ts'
import { requireNeeds } from './needs.ts'

const bin = fileURLToPath(new URL('../../../dist/faultlab/bin.js', import.meta.url))
const LIMIT_MS = 85_000

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-replay-test-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function replay(name: string): Promise<Ended> {
  const args = [bin, 'replay', name, '--json', '--out', join(folder, name)]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { maxBuffer: 2 ** 26, timeout: LIMIT_MS }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

describe.concurrent('the replay', { timeout: LIMIT_MS }, () => {
  test.for([...scenarios])('%s shows what it claims', async ([name, { needs }], { expect, skip }) => {
    await requireNeeds({ skip }, needs)
    const { code, stdout, stderr } = await replay(name)
    if (stdout === '') throw new Error(stderr)
    const { takes } = JSON.parse(stdout) as { takes: readonly { shown: readonly { claim: string; seen: boolean }[] }[] }
    const unseen = takes.flatMap(({ shown }) => shown.filter(({ seen }) => !seen))
    expect({ code, unseen }).toEqual({ code: 0, unseen: [] })
    expect(readFileSync(join(folder, name, 'timeline.html'), 'utf8')).toContain('<g class="hold')
  })
})
