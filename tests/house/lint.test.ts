/** Lint, format and types of everything that is written, and proof that the rules of .oxlintrc.json bite. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../support/run.ts'
import { root } from '../support/tree.ts'

const SLOW_MS = 60_000

test('the linter has no complaint', { timeout: SLOW_MS }, async () => {
  const { code, output } = await runTool('oxlint/bin/oxlint', ['--type-aware', '--deny-warnings', '-f', 'unix'])
  expect(code, output).toBe(0)
})

test('every file is formatted', { timeout: SLOW_MS }, async () => {
  const { code, output } = await runTool('oxfmt/bin/oxfmt', ['--check', '.'])
  expect(code, `${output}\nnpm run format mends it`).toBe(0)
})

test('sources, tests and scripts have no type errors', { timeout: SLOW_MS }, async () => {
  const { code, output } = await runTool('typescript/bin/tsc', [])
  expect(code, output).toBe(0)
})

const LONG_FUNCTION = `export function long(): void {\n${'  void 0\n'.repeat(61)}}\n`
// In two parts, so that the rule about words does not find it here.
const FOCUSED = "import { test } from 'vitest'\ntest.".concat("only('x', () => {})\n")
const LONG_FILE = 'export {}\n'.repeat(301)

const refused = [
  ['packages/holdfast/src/time/a.ts', LONG_FUNCTION, 'max-lines-per-function'],
  ['packages/holdfast/src/time/b.ts', LONG_FILE, 'max-lines'],
  ['packages/holdfast/src/time/c.ts', 'export default 1\n', 'no-default-export'],
  ['packages/holdfast/src/time/d.ts', "console.log('x')\n", 'no-console'],
  ['packages/holdfast/src/time/e.ts', 'export const e: number = Date.now()\n', 'no-restricted-globals'],
  ['packages/holdfast/src/recipes/f.ts', 'setTimeout(() => 0, 1)\n', 'no-restricted-globals'],
  ['packages/holdfast/src/stores/x/g.ts', 'export const g: number = performance.now()\n', 'no-restricted-globals'],
  ['packages/holdfast/src/time/h.ts', "import 'node:timers/promises'\n", 'no-restricted-imports'],
  [
    'packages/holdfast/src/time/i.ts',
    'export const i: AbortSignal = AbortSignal.timeout(1)\n',
    'no-restricted-properties',
  ],
  ['packages/holdfast/src/time/j.ts', 'export const j: bigint = process.hrtime.bigint()\n', 'no-restricted-properties'],
  ['packages/holdfast/src/time/k.ts', 'async function f(): Promise<void> {}\nf()\n', 'no-floating-promises'],
  ['packages/cli/src/l.ts', 'export const l = (x: any): unknown => x\n', 'no-explicit-any'],
  ['packages/lab/src/m.test.ts', FOCUSED, 'no-focused-tests'],
] as const

const allowed = [
  ['packages/holdfast/src/time/clock.ts', 'export const now = (): number => Date.now()\n'],
  ['packages/lab/src/a.ts', "console.log('x')\n"],
] as const

describe('the rules of .oxlintrc.json', () => {
  let output = ''
  beforeAll(async () => {
    output = await lintSamples([...refused, ...allowed])
  }, SLOW_MS)

  test.each(refused)('%s is refused: %#', (path, _, rule) => {
    expect(output.split('\n').filter((line) => line.startsWith(path) && line.includes(`(${rule})`))).not.toEqual([])
  })

  test.each(allowed)('%s may do what others may not', (path) => {
    expect(output).not.toContain(path)
  })
})

/** A workspace of bad samples under the project's own rules; one run for all, because each start costs most of a second. */
async function lintSamples(
  samples: readonly (readonly [path: string, text: string, ...rest: unknown[]])[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-lint-'))
  try {
    for (const file of ['.oxlintrc.json', 'tsconfig.base.json']) cpSync(join(root, file), join(folder, file))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'tsconfig.json'), '{ "extends": "./tsconfig.base.json", "include": ["packages"] }')
    for (const [path, text] of samples) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const args = ['--type-aware', '--deny-warnings', '-f', 'unix', 'packages']
    const { code, output } = await runTool('oxlint/bin/oxlint', args, { cwd: folder })
    if (code === 0) throw new Error(`the linter refused nothing:\n${output}`)
    return output
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
