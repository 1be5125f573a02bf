/**
 * The programs for NestJS of the documentation, with decorators: compiled as `nest new` sets a project up, for both kinds of module, and
 * run with Nest 12; and with Nest 11 under Jest.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { fetchTools, folderOf } from '../support/fetched.ts'
import { run, runTool } from '../support/run.ts'
import { read, root } from '../support/tree.ts'

const SLOW_MS = 240_000
const PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/schedule',
  '@types/node',
  'croner',
  'reflect-metadata',
  'rxjs',
] as const

/** Nest 11 is CommonJS, and its projects are tested by Jest. */
const NEST_11 = {
  '@nestjs/common': '11.2.10',
  '@nestjs/core': '11.2.10',
  '@nestjs/platform-express': '11.2.10',
  '@nestjs/schedule': '6.1.3',
  '@types/jest': '30.0.0',
  '@types/node': '24.19.2',
  croner: '11.0.1',
  jest: '30.5.2',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
  'ts-jest': '29.4.15',
  typescript: '5.9.3',
} as const

/** As `nest new` writes them, but for the folder of the output. */
const COMMON = {
  declaration: true,
  removeComments: true,
  emitDecoratorMetadata: true,
  experimentalDecorators: true,
  allowSyntheticDefaultImports: true,
  target: 'es2023',
  sourceMap: true,
  outDir: './dist',
  rootDir: '.',
  incremental: true,
  skipLibCheck: true,
  strictNullChecks: true,
  forceConsistentCasingInFileNames: true,
  noImplicitAny: true,
} as const
const NODENEXT = {
  ...COMMON,
  module: 'nodenext',
  moduleResolution: 'nodenext',
  resolvePackageJsonExports: true,
  isolatedModules: true,
}

interface NestProgram {
  readonly file: string
  readonly code: string
  readonly prints: string
}

const programs: readonly NestProgram[] = Array.from(
  read('docs/nestjs.md').matchAll(/^```ts nest\n\/\/ (\S+)\.ts\n([\s\S]*?)^\/\/ prints: (.*)\n```$/gm),
  ([, file = '', code = '', prints = '']) => ({ file, code, prints }),
)

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })))

/** Packages of ours are copied, so that they find the Nest of the project and not that of the repository. */
function nestProject(packages: readonly string[], from: string, manifest: object, options: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-nest-'))
  folders.push(folder)
  for (const name of packages) {
    const to = join(folder, 'node_modules', name)
    mkdirSync(dirname(to), { recursive: true })
    symlinkSync(join(from, 'node_modules', name), to)
  }
  for (const [name, at] of [
    ['holdfast', 'holdfast'],
    ['@holdfast/nestjs', 'nestjs'],
  ] as const) {
    for (const part of ['package.json', 'dist'])
      cpSync(join(root, 'packages', at, part), join(folder, 'node_modules', name, part), { recursive: true })
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'nest-project', ...manifest }))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...options, types: ['node'] }, include: ['*.ts'] }),
  )
  for (const { file, code } of programs) writeFileSync(join(folder, `${file}.ts`), code)
  return folder
}

test('the page has its programs', () => {
  expect(programs.map(({ file }) => file)).toEqual(['main', 'reports', 'nightly'])
})

describe.each(['module', 'commonjs'])('with Nest 12, in a project of type %s', { timeout: SLOW_MS }, (type) => {
  test('compile under strict declarations and print what they say', async () => {
    const folder = nestProject(PACKAGES, root, { type }, NODENEXT)
    const compiled = await runTool('typescript/bin/tsc', ['-p', '.'], { cwd: folder })
    expect(compiled.code, compiled.output).toBe(0)
    const ran = await Promise.all(
      programs.map(({ file }) => run(process.execPath, [`dist/${file}.js`], { cwd: folder })),
    )
    expect(ran.map(({ output }) => withoutWarnings(output))).toEqual(programs.map(({ prints }) => prints))
  })
})

test(
  'with Nest 11 under Jest and ts-jest, an application answers, is refused and closes',
  { timeout: SLOW_MS },
  async ({ skip }) => {
    const tools = folderOf(await fetchTools('nest-11', NEST_11), skip)
    const jest = {
      moduleFileExtensions: ['js', 'json', 'ts'],
      rootDir: '.',
      testRegex: '.*\\.spec\\.ts$',
      transform: { '^.+\\.(t|j)s$': 'ts-jest' },
      testEnvironment: 'node',
    }
    const options = { ...COMMON, module: 'commonjs', types: ['node', 'jest'] }
    const folder = nestProject(Object.keys(NEST_11), tools, { jest }, options)
    cpSync(join(root, 'tests', 'consumer', 'jest', 'nest.spec.ts'), join(folder, 'nest.spec.ts'))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }))
    const { code, output } = await run(process.execPath, ['node_modules/jest/bin/jest.js', '--ci'], { cwd: folder })
    expect(code, output).toBe(0)
    expect(output).toContain('Tests:       2 passed, 2 total')
  },
)

/** Node says of its own SQLite that it is young. */
function withoutWarnings(output: string): string {
  return output.replaceAll(/^\(node:\d+\) ExperimentalWarning: SQLite .*\n\(Use .*\n/gm, '').trim()
}
