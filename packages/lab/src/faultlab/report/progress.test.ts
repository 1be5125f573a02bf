/** What is drawn while a run is played, without a run. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Recorder } from '@holdfast/testbed/history'
import { GrantCount } from '../history/grant-count.ts'
import { Progress } from './progress.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-progress-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const granted = JSON.stringify({ i: 1, t: '1', p: 'w1', e: 'ok', op: 1, f: 'acquire', k: 'a', out: { token: '1' } })

test('grants are counted once each, also in a file whose last line is half written', () => {
  const [count, path] = [new GrantCount(folder), join(folder, 'w1.ndjson')]
  expect(new GrantCount(join(folder, 'nowhere')).read()).toBe(0)
  appendFileSync(path, `${granted}\n${granted.replace('"ok"', '"call"')}\n${granted.slice(0, 20)}`)
  expect(count.read()).toBe(1)
  appendFileSync(path, `${granted.slice(20)}\n`)
  appendFileSync(join(folder, 'w2.ndjson'), `${granted}\nwords of a process that dies {"ok" "acquire"\n`)
  expect(count.read()).toBe(3)
  expect(count.read()).toBe(3)
})

test('a line has what the run is at, the time left and the faults by name, fits, and is cleared at the end', () => {
  const written: string[] = []
  const terminal = { columns: 60, write: (text: string) => written.push(text) }
  const progress = new Progress(terminal, { scheme: 'sqlite', faults: ['pause', 'kill'] }, folder)
  progress.phase('storm', 30_000)
  expect(written.at(-1)).toBe('\r\u001b[Kfaults 30 s left  0 grants (0 a second)  pause 0 kill 0')
  const nemesis = new Recorder('nemesis', (event) => progress.note(event))
  nemesis.signal('nemesis', '', { kind: 'pause', target: 'w1' })
  nemesis.signal('nemesis', '', { kind: 'resume', target: 'w1' })
  expect(written.at(-1)).toContain('pause 1 kill 0')
  terminal.columns = 20
  progress.phase('judge')
  expect(written.at(-1)).toBe('\r\u001b[Kjudges the history')
  progress.close()
  expect(written.at(-1)).toBe('\r\u001b[K')
})
