/** The packed library under Jest, which loads CommonJS and nothing else, from JavaScript and through ts-jest. */
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchTools, type Fetched, folderOf } from '../support/fetched.ts'
import { type Consumer, consumerOfPackedLibrary } from '../support/packed.ts'
import { run } from '../support/run.ts'
import { root } from '../support/tree.ts'

/** The first may be a download of some 20 MB. */
const FETCH_MS = 180_000
const SLOW_MS = 120_000
const TOOLS = { jest: '30.5.2', 'ts-jest': '29.4.15', typescript: '5.9.3', '@types/jest': '30.0.0' } as const

/** As `tsc --init` of TypeScript 5 writes it, and most projects that use ts-jest still have it. */
const COMMONJS = { target: 'es2022', module: 'commonjs', esModuleInterop: true, strict: true } as const

let consumer: Consumer
let fetched: Fetched
beforeAll(async () => {
  fetched = await fetchTools('jest', TOOLS)
  consumer = await consumerOfPackedLibrary()
}, FETCH_MS)
afterAll(() => consumer?.remove())

/** A project as `npm init -y` makes it, with Jest installed and one file of tests. */
function project(name: string, file: string, tools: string, jest: object): string {
  const folder = join(consumer.folder, name)
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  cpSync(join(consumer.folder, 'node_modules', 'holdfast'), join(folder, 'node_modules', 'holdfast'), {
    recursive: true,
  })
  const linked = (below: string): void => {
    mkdirSync(join(folder, 'node_modules', below), { recursive: true })
    for (const each of readdirSync(join(tools, 'node_modules', below))) {
      if (each.startsWith('.')) continue
      if (each === '@types') linked(each)
      else symlinkSync(join(tools, 'node_modules', below, each), join(folder, 'node_modules', below, each))
    }
  }
  linked('')
  cpSync(join(root, 'tests', 'consumer', 'jest', file), join(folder, file))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMMONJS }))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'index.js', jest }))
  return folder
}

describe('the packed library under Jest', { timeout: SLOW_MS }, () => {
  test('works from JavaScript without a setting', async ({ skip }) => {
    const folder = project('plain', 'plain.test.js', folderOf(fetched, skip), {})
    const { code, output } = await run(process.execPath, ['node_modules/jest/bin/jest.js', '--ci'], { cwd: folder })
    expect(code, output).toBe(0)
    expect(output).toContain('Tests:       5 passed, 5 total')
  })

  test('works from TypeScript through ts-jest', async ({ skip }) => {
    const folder = project('typed', 'typed.test.ts', folderOf(fetched, skip), { preset: 'ts-jest' })
    const { code, output } = await run(process.execPath, ['node_modules/jest/bin/jest.js', '--ci'], { cwd: folder })
    expect(code, output).toBe(0)
    expect(output).toContain('Tests:       1 passed, 1 total')
  })
})
