import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { longHistory, OPERATIONS_A_GRANT } from '../../judge/long-history.ts'
import { type HistoryEvent, historyText } from '@holdfast/testbed/history'
import { labMain } from '../main.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-judge-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const header = { v: 1, run: 'x', backend: 'sqlite', versions: {}, faults: [], expectations: [] } as const
const history = longHistory(200 * OPERATIONS_A_GRANT)

interface Told {
  readonly exitCode: number
  readonly result: string
  readonly grants: number
  readonly foreign: number
  readonly notJudged: readonly string[]
  readonly violations: readonly { readonly property: string }[]
}

async function judged(
  text: string,
  ...args: readonly string[]
): Promise<{ code: number; out: string; complaint: string }> {
  const path = join(folder, 'history.ndjson')
  writeFileSync(path, text)
  let [out, complaint] = ['', '']
  const code = await labMain({
    args: ['judge', path, ...args],
    environment: {},
    stdout: { write: (words) => (out += words) },
    stderr: { write: (words) => (complaint += words) },
  })
  return { code, out, complaint }
}

const told = async (events: readonly HistoryEvent[]): Promise<Told> =>
  JSON.parse((await judged(historyText(header, events), '--json')).out) as Told

test('a history in which nothing is wrong ends with 0, and what it cannot show is said', async () => {
  expect(await told(history)).toMatchObject({ exitCode: 0, result: 'held', grants: 200, violations: [], foreign: 0 })
  const { code, out } = await judged(historyText(header, history))
  expect(code).toBe(0)
  expect(out).toMatch(/^No violation in 200 grants, 14\d\d operations/)
  expect(out).toContain('not judged: N: no holder was told of a loss')
  expect(out).not.toContain('not judged: F')
})

test('a token that falls back ends with 1 and names the promise', async () => {
  const events = history.map((event, index) =>
    event.f === 'acquire' && event.out?.['token'] !== undefined && index > history.length / 2
      ? { ...event, out: { ...event.out, token: '5' } }
      : event,
  )
  const { exitCode, result, violations } = await told(events)
  expect({ exitCode, result }).toEqual({ exitCode: 1, result: 'violated' })
  expect(violations.map(({ property }) => property)).toContain('T')
})

test('a line that is no event ends with 2: it may have been the one that shows something', async () => {
  const lines = historyText(header, history).trimEnd().split('\n')
  const wrong = [...lines.slice(0, 50), lines[50]?.replace('"e":"', '"e":"x'), ...lines.slice(51)].join('\n')
  const { code, out } = await judged(`${wrong}\n`)
  expect({ code, out }).toEqual({ code: 2, out: expect.stringContaining('1 lines are no events') as string })
  const cut = [...lines.slice(0, 50), lines[50]?.slice(0, 30), ...lines.slice(51)].join('\n')
  expect((await judged(`${cut}\n`)).code).toBe(2)
})

test('a last line that was never finished is left out, and said', async () => {
  const { code, out } = await judged(`${historyText(header, history)}{"i":7,"t":"12`)
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('the last line was never finished') as string })
})

test('too few grants end with 2, and so does what is no history', async () => {
  const few = longHistory(5 * OPERATIONS_A_GRANT)
  expect(await told(few)).toMatchObject({ exitCode: 2, result: 'notJudged' })
  const { code, out } = await judged('{"v":1}\nnot an event\n{"also":"none"}\n')
  expect(code).toBe(2)
  expect(out).toContain('2 lines are no events')
  const missing = await judged('', '--ttl', 'soon')
  expect(missing).toMatchObject({ code: 2, complaint: expect.stringContaining('ttl') as string })
})
