/** A copy of the sources in a temporary folder, where one mutant at a time is applied, checked and taken out again. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { LUA_MODULE, makeLuaModules } from '../../scripts/lua-modules.mjs'
import type { Check, Mutant, Seeds, TestCheck } from './mutant.ts'
import { type Ran, VitestClient } from './vitest-client.ts'

const COPIED = [
  'package.json',
  'packages/holdfast/package.json',
  'packages/holdfast/src',
  'packages/testbed/package.json',
  'packages/testbed/src',
  'packages/testbed/competitors',
  'packages/cli/package.json',
  'packages/cli/schemas',
  'packages/cli/src',
  'packages/server/package.json',
  'packages/server/src',
  'packages/telemetry/package.json',
  'packages/telemetry/src',
  'packages/otel/package.json',
  'packages/otel/src',
  'packages/prometheus/package.json',
  'packages/prometheus/src',
  'packages/fastify/package.json',
  'packages/fastify/src',
  'packages/nestjs/package.json',
  'packages/nestjs/src',
  'packages/lab/package.json',
  'packages/lab/src',
  'examples/seat-14a/package.json',
  'examples/seat-14a/src',
  'scripts/from-source.mjs',
  'scripts/lua-modules.mjs',
  // Tests read what they say.
  'docs/redis.md',
  'docs/redlock-model.md',
]

/** Tests of the command start it in processes of its own; here it is not built, and its sources run. */
const COMMAND = [
  'packages/cli/dist/bin.js',
  "import '../../../scripts/from-source.mjs'\nawait import('../src/bin.ts')\n",
] as const
/** Packages with modules of their own beside the common ones. */
const MODULES = ['node_modules', 'packages/cli/node_modules']

const SIMULATION = ['--import', './scripts/from-source.mjs', 'packages/lab/src/simulation/main.ts']

/** The names of the library mean the copied sources, also in tests. */
const VITEST_CONFIG = `
import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitest/config'
import { makeLuaModules } from './scripts/lua-modules.mjs'
makeLuaModules('packages/holdfast/src')
const { exports } = JSON.parse(readFileSync('packages/holdfast/package.json', 'utf8'))
const alias = Object.entries(exports).filter(([, entry]) => entry.import !== undefined).map(([name, entry]) => ({
  find: new RegExp('^holdfast' + name.slice(1).replaceAll('/', '\\\\/') + '$'),
  replacement: process.cwd() + '/packages/holdfast/' + entry.import.default.replace('./dist/', 'src/').replace(/\\.js$/, '.ts'),
}))
for (const name of ['testbed', 'lab'])
  alias.push({ find: new RegExp('^@holdfast/' + name + '/(.+)$'), replacement: process.cwd() + '/packages/' + name + '/src/$1.ts' })
export default defineConfig({
  resolve: { alias },
  test: { pool: 'threads', include: ['packages/**/*.test.ts', 'examples/**/*.test.ts'], tags: [{ name: 'real-time' }], testTimeout: 10_000, expect: { poll: { timeout: 4_000, interval: 20 } }, reporters: ['dot'], setupFiles: ['setup.mjs'] },
})
`

/**
 * Red is all that is asked; the smallest example of it would take as long as the test. With the seed of each day a mutant
 * that chance seldom meets survived in one run of ten, and could not be repeated.
 */
const setupOf = (seed: number): string => `
import fc from 'fast-check'
fc.configureGlobal({ endOnFailure: true, seed: ${seed} })
`

export interface Outcome {
  readonly isRed: boolean
  /** Nothing failed but what waits for real time, so a busy machine may be to blame. */
  readonly isOfTime: boolean
  /** The full names of tests. */
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  readonly seconds: number
  readonly output: string
}

export class Sandbox {
  readonly #root: string
  readonly #vitest: VitestClient
  /** Files that were written since tests were run. */
  #changed: string[] = []

  private constructor(root: string) {
    this.#root = root
    this.#vitest = new VitestClient(root)
  }

  /** `seed`: of all random operations. */
  static async make(repository: string, seed: number): Promise<Sandbox> {
    const root = await mkdtemp(join(tmpdir(), 'holdfast-mutants-'))
    for (const path of COPIED) {
      await mkdir(join(root, path, '..'), { recursive: true })
      await cp(join(repository, path), join(root, path), { recursive: true })
    }
    for (const path of MODULES.filter((each) => existsSync(join(repository, each))))
      await symlink(join(repository, path), join(root, path), 'junction')
    const [command, text] = COMMAND
    await mkdir(join(root, command, '..'))
    await writeFile(join(root, command), text)
    await writeFile(join(root, 'vitest.config.mjs'), VITEST_CONFIG)
    await writeFile(join(root, 'setup.mjs'), setupOf(seed))
    return new Sandbox(root)
  }

  remove(): Promise<void> {
    this.#vitest.close()
    return rm(this.#root, { recursive: true, force: true })
  }

  /** Applies the mutant, runs its check, and puts the file back. */
  async try(mutant: Mutant, limitMs: number): Promise<Outcome> {
    const original = await readFile(join(this.#root, mutant.file), 'utf8')
    await this.#write(mutant.file, damaged(mutant, original))
    try {
      return await this.check(mutant.caughtBy, limitMs)
    } finally {
      await this.#write(mutant.file, original)
    }
  }

  /** A check that takes longer than the limit hangs, and is red. */
  async check(check: Check, limitMs: number): Promise<Outcome> {
    const startMs = performance.now()
    const ran = 'seeds' in check ? await this.#simulate(check.seeds, limitMs) : await this.#test(check, limitMs)
    return { ...ran, seconds: (performance.now() - startMs) / 1000 }
  }

  #test({ tests, named }: TestCheck, limitMs: number): Promise<Ran> {
    const changed = this.#changed
    this.#changed = []
    return this.#vitest.run({ files: tests, changed, ...(named === undefined ? {} : { named }) }, limitMs)
  }

  #simulate({ from, count }: Seeds, limitMs: number): Promise<Ran> {
    const parameters = [...SIMULATION, '--from', String(from), '--seeds', String(count), '--bail']
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, parameters, {
        cwd: this.#root,
        env: { ...process.env, NO_COLOR: '1' },
        timeout: limitMs,
        killSignal: 'SIGKILL',
      })
      let output = ''
      const gather = (chunk: Buffer): void => {
        output += chunk.toString()
      }
      child.stdout.on('data', gather)
      child.stderr.on('data', gather)
      child.on('error', reject)
      child.on('close', (code, signal) =>
        resolve({ isRed: code !== 0, isOfTime: signal !== null, passed: [], failed: [], output }),
      )
    })
  }

  async #write(file: string, text: string): Promise<void> {
    await writeFile(join(this.#root, file), text)
    this.#changed.push(file)
    if (!file.endsWith('.lua')) return
    makeLuaModules(join(this.#root, dirname(file)))
    this.#changed.push(join(dirname(file), LUA_MODULE))
  }
}

/** Throws when the mutant does not fit its file, or would be noticed only because it is no program any more. */
export function damaged({ name, file, find, replace }: Mutant, original: string): string {
  const places = original.split(find).length - 1
  if (places !== 1) throw new Error(`mutant "${name}": its text occurs ${places} times in ${file}, must be once`)
  const text = original.replace(find, () => replace)
  if (file.endsWith('.ts')) stripTypeScriptTypes(text)
  return text
}
