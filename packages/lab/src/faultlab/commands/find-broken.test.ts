import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Violation } from '../../judge/violation.ts'
import { labMain } from '../main.ts'
import { freeFolder } from '../options.ts'
import { firstOfEach, isJudged } from './find-broken.ts'

const seen = (property: Violation['property'], atS: number): Violation => {
  return { property, p: 'w1', k: 'seat', atNs: atS * 1e9, text: '' }
}

test('each broken promise is told once, with its first moment, the earliest first', () => {
  expect(firstOfEach([seen('R', 4), seen('V', 3.04), seen('R', 2), seen('V', 9)])).toEqual([
    { property: 'R', afterS: 2 },
    { property: 'V', afterS: 3 },
  ])
})

test('a broken lock of which too little was seen is missed only when it was judged', () => {
  const seen = { name: 'no-owner-check', asExpected: false, result: 'notJudged' } as const
  expect(isJudged(seen)).toBe(false)
  expect(isJudged({ ...seen, asExpected: true })).toBe(true)
  expect(isJudged({ ...seen, result: 'held' })).toBe(true)
  // The control is as expected when nothing was found, which proves nothing here.
  expect(isJudged({ ...seen, name: 'none', asExpected: true })).toBe(false)
})

test('the folders above its own need not be there, and a file among them is told', () => {
  const place = mkdtempSync(join(tmpdir(), 'holdfast-out-'))
  onTestFinished(() => rmSync(place, { recursive: true, force: true }))
  const deep = join(place, 'holdfast-lab', 'at-noon', 'one')
  expect(freeFolder(deep)).toBe(deep)
  expect(readdirSync(place)).toEqual([])
  writeFileSync(join(place, 'file'), '')
  expect(() => freeFolder(join(place, 'file', 'at-noon', 'one'))).toThrow(/file is not a folder/)
})

test.each([
  [['--only', 'everything'], '--only must be one of none, no-owner-check'],
  [['--store', 'mysql:'], 'no such broken lock on mysql:'],
])('a wrong command line is told before anything runs: %j', async (args, words) => {
  let complaint = ''
  const stderr = { write: (text: string) => (complaint += text) }
  const code = await labMain({ args: ['find-broken', ...args], environment: {}, stdout: stderr, stderr })
  expect({ code, complaint }).toEqual({ code: 2, complaint: expect.stringContaining(words) as string })
})
