import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readHistories } from './read-histories.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-histories-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const line = (i: number): string => JSON.stringify({ i, t: `${i}`, p: 'a', e: 'sig', op: i, f: 'x', k: 'seat' })

function read(text: string, mayBeTorn: boolean): number[] {
  const path = join(folder, 'a.ndjson')
  writeFileSync(path, text)
  return readHistories([{ path, mayBeTorn }]).map(({ i }) => i)
}

test('half a line at the end is left out where the process was killed', () => {
  const text = `${line(0)}\n${line(1)}\n${line(2).slice(0, 20)}`
  expect(read(text, true)).toEqual([0, 1])
  expect(() => read(text, false)).toThrow('a.ndjson ends in the middle of a line')
})

test('whatever else is no event cannot be judged, wherever it stands', () => {
  for (const wrong of ['{"half":', '', line(1).replace('"sig"', '"maybe"')]) {
    const text = `${line(0)}\n${wrong}\n${line(2)}\n`
    expect(() => read(text, true)).toThrow('line 2 of')
  }
  expect(() => read(`${line(0)}\nnonsense\n`, true)).toThrow('line 2 of')
})
