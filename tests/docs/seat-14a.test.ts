/**
 * The versions of docs/choose.md are run: each that claims to sell the seat once does, and the one that does not is caught.
 * @module-tag real-time
 */
import { expect, test } from 'vitest'
import { run } from '../support/run.ts'
import { read } from '../support/tree.ts'

const VERSIONS = ['conditional-update', 'idempotency-key', 'lock-and-guard'] as const
const sell = (version: string) =>
  run(process.execPath, ['--import', './scripts/from-source.mjs', `docs/seat-14a/${version}.ts`])

test.each(VERSIONS)('%s sells the seat to one of 47 and charges one card, once', async (version) => {
  const { code, output } = await sell(version)
  expect(output).toMatch(/^[a-zA-Z ]+: sold to 1, 1 charges, \d+ µs a sale\n$/)
  expect(code).toBe(0)
})

test('without any of that the seat is sold to many, and the contest sees it', async () => {
  const { code, output } = await sell('no-lock')
  expect(output).toMatch(/^no lock at all: sold to 47, 94 charges/)
  expect(code).toBe(1)
})

test('the page names every version, and is short enough to be read', () => {
  const page = read('docs/choose.md')
  for (const version of [...VERSIONS, 'no-lock', 'renewal-cost']) expect(page).toContain(`seat-14a/${version}`)
  expect(page.split('\n').length).toBeLessThanOrEqual(200)
})
