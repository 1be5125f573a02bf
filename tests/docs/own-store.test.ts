/**
 * The store of docs/write-your-own-store.md: shown as it is, and true.
 * @module-tag real-time
 */
import { expect, test } from 'vitest'
import { run } from '../support/run.ts'
import { read } from '../support/tree.ts'

const PAGE = 'docs/write-your-own-store.md'

test.each(['store.ts', 'files.ts', 'check.ts'])('the page shows %s word for word', (file) => {
  expect(read(PAGE)).toContain(`\`\`\`ts\n${read(`docs/own-store/${file}`)}\`\`\``)
})

test(
  'the example store passes every case that applies to it, and the page says how many',
  { timeout: 60_000 },
  async () => {
    const { code, output } = await run(process.execPath, [
      '--import',
      './scripts/from-source.mjs',
      'docs/own-store/check.ts',
    ])
    expect(output).toMatch(/\d cases, 0 failures/)
    expect(code).toBe(0)
    for (const line of output.trim().split('\n')) expect(read(PAGE)).toContain(line)
  },
)
