import { readdirSync, readFileSync } from 'node:fs'
import { Script } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { historyText } from '@holdfast/testbed/history'
import { modelOf } from './model-of.ts'
import { history } from './timeline.fixture.ts'
import { sheetOf } from './viewer/sheet.ts'
import { viewerHtml, viewerScript } from './viewer-page.ts'

const HEADER = { v: 1, run: 'x', backend: 'memory', versions: {}, faults: [], expectations: [] } as const

const carried = (html: string, id: string): string => {
  const text = new RegExp(`id="${id}">([^<]*)</script>`).exec(html)?.[1] ?? ''
  return gunzipSync(Buffer.from(text, 'base64')).toString()
}

test('the page carries the drawing and the whole history, and neither can end an element', () => {
  const evil = history().map((event) => ({ ...event, k: '</script><script>alert(1)</script>' }))
  const [model, text] = [modelOf(evil), historyText(HEADER, evil)]
  const html = viewerHtml({ model, history: text })
  expect(html.split('</script>')).toHaveLength(3)
  expect(carried(html, 'history')).toBe(text)
  expect(JSON.parse(carried(html, 'sheet'))).toEqual(sheetOf(model))
})

test('a history that is too long stays in its file, and the page says so', () => {
  const long = 'x'.repeat(64 * 1024 * 1024 + 1)
  const html = viewerHtml({ model: modelOf(history()), history: long })
  expect(html).toContain('it is in history.ndjson beside it')
  expect(html).toContain('id="history"></script>')
})

test('every part of the viewer is in its script, in one scope that loads nothing', () => {
  const script = viewerScript()
  const folder = new URL('viewer/', import.meta.url)
  const parts = readdirSync(folder).filter((name) => /^[a-z-]+\.ts$/.test(name) && name !== 'sheet.ts')
  for (const name of parts) {
    const declared =
      /^(?:export )?(?:function|class) (\w+)/m.exec(readFileSync(new URL(name, folder), 'utf8'))?.[1] ?? ''
    expect(script, name).toMatch(new RegExp(`(?:function|class) ${declared}\\b`))
  }
  expect(script).not.toMatch(/^\s*(?:import|export)\b/m)
  expect(script).not.toMatch(/https?:|\bfetch\(|XMLHttpRequest|import\(/)
  // Two parts with one name for two things would be no program.
  expect(() => new Script(`async () => {${script}}`)).not.toThrow()
})
