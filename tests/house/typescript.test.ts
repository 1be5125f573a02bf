/** The types of the packed library, read by the compilers and the resolutions that people have, inside its declarations, too. */
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fetchTools, type Fetched, folderOf } from '../support/fetched.ts'
import { type Consumer, consumerOfPackedLibrary } from '../support/packed.ts'
import { run } from '../support/run.ts'
import { root } from '../support/tree.ts'

/** The first may be a download of some 30 MB. */
const FETCH_MS = 180_000
const SLOW_MS = 60_000

const COMPILERS = {
  'typescript-5.1': 'npm:typescript@5.1.6',
  'typescript-5.2': 'npm:typescript@5.2.2',
  'typescript-5.4': 'npm:typescript@5.4.5',
  'typescript-5.7': 'npm:typescript@5.7.3',
  'typescript-5.9': 'npm:typescript@5.9.3',
  'typescript-6.0': 'npm:typescript@6.0.3',
} as const

type Settings = readonly string[]

/** The module a file compiles to, and how its imports are found. */
const NODE10: Settings = ['--module', 'commonjs', '--moduleResolution', 'node10', '--esModuleInterop', 'either.ts']
const NODE16: Settings = ['--module', 'node16', '--moduleResolution', 'node16', 'commonjs.cts', 'module.mts']
const NODENEXT: Settings = ['--module', 'nodenext', '--moduleResolution', 'nodenext', 'commonjs.cts', 'module.mts']
const BUNDLER: Settings = ['--module', 'esnext', '--moduleResolution', 'bundler', 'either.ts']
const COMMONJS_BUNDLER: Settings = [
  '--module',
  'commonjs',
  '--moduleResolution',
  'bundler',
  '--esModuleInterop',
  'either.ts',
]

const MATRIX: readonly (readonly [version: string, name: string, settings: Settings])[] = [
  // The oldest that will do, and one between two that are looked at thoroughly.
  ['5.2', 'nodenext, both', NODENEXT],
  ['5.7', 'nodenext, both', NODENEXT],
  ...(['5.4', '5.9'] as const).flatMap((version) => [
    [version, 'node10, CommonJS', NODE10] as const,
    [version, 'node16, both', NODE16] as const,
    [version, 'nodenext, both', NODENEXT] as const,
    [version, 'bundler', BUNDLER] as const,
  ]),
  ['6.0', 'node10, CommonJS', ['--ignoreDeprecations', '6.0', ...NODE10]],
  ...(['6.0', '7.0'] as const).flatMap((version) => [
    [version, 'node16, both', NODE16] as const,
    [version, 'nodenext, both', NODENEXT] as const,
    [version, 'bundler', BUNDLER] as const,
    [version, 'bundler, CommonJS', COMMONJS_BUNDLER] as const,
    [version, 'its own defaults', ['either.ts']] as const,
    [version, 'its own defaults, a program that needs no Node', ['small.ts']] as const,
  ]),
]

let consumer: Consumer
let fetched: Fetched
beforeAll(async () => {
  fetched = await fetchTools('compilers', COMPILERS)
  consumer = await consumerOfPackedLibrary()
  for (const name of ['either.ts', 'module.mts', 'commonjs.cts'])
    copyFileSync(join(root, 'tests', 'consumer', 'everything.ts'), join(consumer.folder, name))
  // Which of both a plain file is, says package.json, and most have none that says it.
  writeFileSync(join(consumer.folder, 'package.json'), '{ "name": "consumer", "private": true }\n')
  rmSync(join(consumer.folder, 'tsconfig.json'))
  writeFileSync(join(consumer.folder, 'small.ts'), SMALL)
  writeFileSync(join(consumer.folder, 'old.cts'), SMALL)
}, FETCH_MS)
afterAll(() => consumer?.remove())

/** Neither `await using`, nor a type of Node, in the program itself. */
const SMALL = `import { holdfast } from 'holdfast'
import { memory } from 'holdfast/memory'
export const locks = holdfast(memory())
export const token: Promise<bigint> = locks.using('seat:14A', (lease) => lease.token)
`

function compile(version: string, settings: Settings, skip: (note: string) => void) {
  const compilers = version === '7.0' ? root : folderOf(fetched, skip)
  const folder = version === '7.0' ? 'typescript' : `typescript-${version}`
  const tsc = join(compilers, 'node_modules', folder, 'bin', 'tsc')
  // The types of browsers cost a third of the time; defaults are left as they are.
  const lib = settings.includes('--module') ? ['--target', 'es2022', '--lib', 'es2022'] : []
  const args = [tsc, '--noEmit', '--strict', ...lib, ...settings]
  return run(process.execPath, args, { cwd: consumer.folder })
}

describe('the types of the packed library', { timeout: SLOW_MS }, () => {
  test.for(MATRIX)('are read by TypeScript %s with %s', async ([version, , settings], { skip }) => {
    const { code, output } = await compile(version, settings, skip)
    expect(code, output).toBe(0)
  })

  test('are read by a program that has not installed the types of Node', async ({ skip }) => {
    const types = join(consumer.folder, 'node_modules', '@types')
    renameSync(types, `${types}-away`)
    const { code, output } = await compile('7.0', ['small.ts'], skip)
    renameSync(`${types}-away`, types)
    expect(code, output).toBe(0)
  })

  test('say to an older compiler what is missing, and not in files of ours', async ({ skip }) => {
    const { code, output } = await compile('5.1', NODENEXT.slice(0, 4).concat('old.cts'), skip)
    expect(code).not.toBe(0)
    expect(output).toContain("Type 'HoldfastNeedsTypeScript52OrNewer' has no call signatures")
    expect(output).not.toContain('node_modules/holdfast')
  })

  test('an error in our declarations would be found', async ({ skip }) => {
    const broken = join(consumer.folder, 'node_modules', 'broken')
    mkdirSync(broken)
    writeFileSync(join(broken, 'package.json'), '{ "name": "broken", "version": "1.0.0", "types": "./index.d.ts" }\n')
    writeFileSync(join(broken, 'index.d.ts'), 'export declare const x: Missing\n')
    writeFileSync(join(consumer.folder, 'broken.ts'), "export { x } from 'broken'\n")
    const { code, output } = await compile('7.0', [...BUNDLER.slice(0, 4), 'broken.ts'], skip)
    expect(code).not.toBe(0)
    expect(output).toContain("Cannot find name 'Missing'")
  })
})
