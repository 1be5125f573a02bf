/** A copy of the sources in a temporary folder, where one mutant at a time is applied, checked and taken out again. */
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Check, Mutant } from './mutant.ts'

const COPIED = [
  'package.json',
  'packages/holdfast/package.json',
  'packages/holdfast/src',
  'packages/testbed/package.json',
  'packages/testbed/src',
  'packages/testbed/competitors',
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
  test: { include: ['packages/**/*.test.ts', 'examples/**/*.test.ts'], testTimeout: 10_000, reporters: ['dot'], setupFiles: ['setup.mjs'] },
})
`

/**
 * Red is all that is asked; the smallest example of it would take as long as the test. With the seed of each day a mutant
 * that chance seldom meets survived in one run of ten, and nobody could repeat it.
 */
const setupOf = (seed: number): string => `
import fc from 'fast-check'
fc.configureGlobal({ endOnFailure: true, seed: ${seed} })
`

/** A check that takes longer hangs, and a mutant that makes it hang has been noticed. */
const CHECK_MS_MAX = 60_000

export interface Outcome {
  readonly red: boolean
  readonly seconds: number
  readonly output: string
}

export class Sandbox {
  readonly #root: string

  private constructor(root: string) {
    this.#root = root
  }

  /** `seed`: of all random operations. */
  static async make(repository: string, seed: number): Promise<Sandbox> {
    const root = await mkdtemp(join(tmpdir(), 'holdfast-mutants-'))
    for (const path of COPIED) {
      await mkdir(join(root, path, '..'), { recursive: true })
      await cp(join(repository, path), join(root, path), { recursive: true })
    }
    await symlink(join(repository, 'node_modules'), join(root, 'node_modules'), 'junction')
    await writeFile(join(root, 'vitest.config.mjs'), VITEST_CONFIG)
    await writeFile(join(root, 'setup.mjs'), setupOf(seed))
    return new Sandbox(root)
  }

  remove(): Promise<void> {
    return rm(this.#root, { recursive: true, force: true })
  }

  /** Applies the mutant, runs its check, and puts the file back. */
  async try(mutant: Mutant): Promise<Outcome> {
    const path = join(this.#root, mutant.file)
    const original = await readFile(path, 'utf8')
    await writeFile(path, damaged(mutant, original))
    try {
      return await this.check([mutant.caughtBy])
    } finally {
      await writeFile(path, original)
    }
  }

  /** Red when one of the checks is, or when a run of them takes longer than the limit. */
  async check(checks: readonly Check[], limitMs: number = CHECK_MS_MAX): Promise<Outcome> {
    const startMs = performance.now()
    let output = ''
    let red = false
    for (const parameters of commandsOf(checks)) {
      if (red) break
      const ran = await this.#run(parameters, limitMs)
      red ||= ran.red
      output += ran.output
    }
    return { red, seconds: (performance.now() - startMs) / 1000, output }
  }

  #run(parameters: readonly string[], limitMs: number): Promise<{ readonly red: boolean; readonly output: string }> {
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
      child.on('close', (code) => resolve({ red: code !== 0, output }))
    })
  }
}

/** Tests of one kind go in one run. */
function commandsOf(checks: readonly Check[]): string[][] {
  const files = new Map<string | undefined, string[]>()
  const commands: string[][] = []
  for (const check of checks) {
    if ('seeds' in check) {
      const { from, count } = check.seeds
      commands.push([...SIMULATION, '--from', String(from), '--seeds', String(count), '--bail'])
    } else {
      files.set(check.named, [...(files.get(check.named) ?? []), ...check.tests])
    }
  }
  for (const [named, tests] of files) {
    const filter = named === undefined ? [] : ['-t', named]
    commands.push(['node_modules/vitest/vitest.mjs', 'run', '--bail=1', ...filter, ...new Set(tests)])
  }
  return commands
}

/** Throws when the mutant does not fit its file, or would be noticed only because it is no program any more. */
export function damaged({ name, file, find, replace }: Mutant, original: string): string {
  const places = original.split(find).length - 1
  if (places !== 1) throw new Error(`mutant "${name}": its text occurs ${places} times in ${file}, must be once`)
  const text = original.replace(find, () => replace)
  if (file.endsWith('.ts')) stripTypeScriptTypes(text)
  return text
}
