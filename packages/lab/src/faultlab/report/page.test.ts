/**
 * The page of a run with thousands of grants, in a browser where there is one.
 * @module-tag real-time
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { longHistory, OPERATIONS_A_GRANT } from '../../judge/long-history.ts'
import type { Violation } from '../../judge/violation.ts'
import { byTime, historyText } from '@holdfast/testbed/history'
import * as chromium from '@holdfast/testbed/browser'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import type { Settings } from '../settings.ts'
import type { LabVerdict } from '../verdict.ts'
import { pageOf } from './page.ts'

const GRANTS = 5_000
const settings = { scheme: 'sqlite', faults: ['pause'], ttlMs: 500, lock: { kind: 'holdfast' } } as unknown as Settings
const events = byTime(longHistory(GRANTS * OPERATIONS_A_GRANT))
const violations: readonly Violation[] = [2e6, 9e6].map((atNs) => {
  return { property: 'V', p: 'w3', k: 'lock-3', atNs, text: 'two hold <at> once' }
})
const verdict: LabVerdict = {
  result: 'violated',
  text: 'Violated.',
  grants: GRANTS,
  commits: 0,
  refusals: 0,
  operations: 0,
  faults: [],
  violations,
  excused: [],
  notJudged: [],
  missing: [],
  judgedInMs: 1,
}
const header = { v: 1, run: 'x', backend: 'sqlite', versions: {}, faults: [], expectations: [] } as const
const history = historyText(header, events)
const html = pageOf({ settings, verdict, events, history, command: 'holdfast lab run' })

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-page-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('five thousand grants with their whole history fit into a page of a few megabytes that loads nothing', () => {
  expect(html.length).toBeLessThan(4 * 1024 * 1024)
  expect(html).toContain(`content="default-src 'none';`)
  expect(html).not.toMatch(/https?:|<link|<img|<iframe|@import|\ssrc=|url\((?!#)/)
  expect(html).toContain('two hold &lt;at&gt; once')
  expect(html).toMatch(/<a href="#L\d+">history.ndjson, line \d+<\/a>/)
})

test(
  'in a browser it draws, zooms, filters, jumps to a violation and shows the line it stands on',
  { timeout: 60_000 },
  async (context) => {
    const program = await requireEngine(context, chromium)
    const path = join(folder, 'timeline.html')
    writeFileSync(path, html)
    await using browser = await chromium.Browser.open(program, pathToFileURL(path).href)
    const painted = async (): Promise<number> => {
      await browser.drawn()
      return Number(await browser.value("document.getElementById('timeline').dataset.painted"))
    }
    const text = (id: string): Promise<unknown> => browser.value(`document.getElementById('${id}').textContent`)
    const press = (key: string): Promise<unknown> =>
      browser.value(
        `document.getElementById('timeline').dispatchEvent(new KeyboardEvent('keydown', { key: '${key}' }))`,
      )
    const overview = await painted()
    expect(overview).toBeGreaterThan(500)
    expect(await text('violations')).toBe('2 violations')
    await press('n')
    expect(await text('violations')).toBe('1 of 2 violations')
    expect(await text('told')).toContain('V: two hold <at> once')
    const line = Number(/line (\d+)/.exec(String(await text('told')))?.[1])
    expect(await browser.value("document.querySelector('#lines .current a').textContent")).toBe(String(line))
    // Only what is in view is painted.
    await press('+')
    await press('+')
    const near = await painted()
    expect(near).toBeLessThan(overview / 5)
    expect(near).toBeGreaterThan(0)
    await browser.value("document.getElementById('only-lock').value = 'lock-3'")
    await browser.value("document.getElementById('filter').dispatchEvent(new Event('input'))")
    expect(await painted()).toBeLessThan(near)
    await browser.value("location.hash = '#L500'")
    await expect.poll(() => browser.value("document.querySelector('#lines .current a').textContent")).toBe('500')
    expect(browser.complaints).toEqual([])
  },
)
