/** Each entry point in one file made by a bundler, run far from the sources, with real servers: nothing may be read beside the code. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { programs, SERVERS } from '../consumer/bundled.ts'
import { executable, fetchTools, type Fetched, folderOf } from '../support/fetched.ts'
import { type Consumer, consumerOfPackedLibrary } from '../support/packed.ts'
import { run } from '../support/run.ts'
import { read, root } from '../support/tree.ts'

/** The first may be a download of some 50 MB. */
const FETCH_MS = 180_000
const SLOW_MS = 60_000
const BUNDLERS = { esbuild: '0.28.2', rolldown: '1.3.3', bun: '1.4.5' } as const

type Format = 'esm' | 'cjs'

const formats = ['esm', 'cjs'] as const
const bundlers = ['esbuild', 'rolldown'] as const

/** What is used of each; a CommonJS build of them is there, too. */
interface Esbuild {
  build(options: object): Promise<unknown>
}
interface Rolldown {
  build(options: object): Promise<unknown>
}

let consumer: Consumer
let fetched: Fetched
let servers: Engine[] = []
let away = ''
beforeAll(async () => {
  fetched = await fetchTools('bundlers', BUNDLERS)
  consumer = await consumerOfPackedLibrary()
  symlinkSync(join(root, 'node_modules', 'ioredis'), join(consumer.folder, 'node_modules', 'ioredis'))
}, FETCH_MS)
afterAll(async () => {
  consumer?.remove()
  await Promise.all(servers.map((server) => server.stop()))
})
beforeEach((context) => {
  away = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'))
  context.onTestFinished(() => rmSync(away, { recursive: true, force: true }))
})

/** The driver is inside a CommonJS bundle; from an ES module it is left out, because bundlers differ in what they make of its `require`. */
async function bundle(
  tools: string,
  bundler: (typeof bundlers)[number],
  format: Format,
  code: string,
): Promise<string> {
  const [source, bundled] = [join(consumer.folder, 'program.mjs'), join(away, format === 'esm' ? 'b.mjs' : 'b.cjs')]
  writeFileSync(source, code)
  // The programs for servers load no driver.
  const drivers = [
    '@aws-sdk/client-dynamodb',
    '@bufbuild/protobuf/wire',
    '@nats-io/transport-node',
    'croner',
    'mariadb',
    'mysql2',
    'pg',
    'postgres',
  ]
  const external = format === 'esm' ? ['ioredis', ...drivers] : drivers
  const from = createRequire(join(tools, 'package.json'))
  if (bundler === 'esbuild') {
    const { build } = from('esbuild') as Esbuild
    await build({
      entryPoints: [source],
      outfile: bundled,
      bundle: true,
      platform: 'node',
      format,
      external,
      logLevel: 'error',
    })
  } else {
    const { build } = (await import(from.resolve('rolldown'))) as Rolldown
    const output = { file: bundled, format, codeSplitting: false }
    await build({ input: source, platform: 'node', external, output, logLevel: 'warn', cwd: consumer.folder })
  }
  return bundled
}

/** In a folder that has the bundle, and the driver where that was left out. */
async function runAway(program: string, args: readonly string[] = []): Promise<string> {
  const modules = join(away, 'node_modules')
  if (!existsSync(modules)) mkdirSync(modules)
  if (program === process.execPath && args[0]?.endsWith('.mjs') === true)
    symlinkSync(join(root, 'node_modules', 'ioredis'), join(modules, 'ioredis'))
  const env = { [SERVERS]: JSON.stringify(servers.map(({ url }) => url)) }
  const { code, output } = await run(program, ['--disable-warning=ExperimentalWarning', ...args], { cwd: away, env })
  expect(code, output).toBe(0)
  return output
}

test('there is a program for every entry point', () => {
  const { exports } = JSON.parse(read('packages/holdfast/package.json')) as { exports: object }
  expect(Object.keys(programs).toSorted()).toEqual(
    Object.keys(exports)
      .filter((entry) => entry !== './package.json')
      .toSorted(),
  )
})

describe('a bundle', { timeout: SLOW_MS }, () => {
  beforeEach(async (context) => {
    await requireEngine(context, redisServer)
    if (servers.length > 0) return
    // Redlock wants to know what its servers keep.
    servers = await Promise.all([1, 2, 3].map(() => redisServer.start({ aof: 'always' })))
  })

  for (const bundler of bundlers) {
    for (const format of formats) {
      test.for(Object.entries(programs))(
        `of %s, made by ${bundler} as ${format}, takes its lock in another folder`,
        async ([, code], { skip }) => {
          const bundled = await bundle(folderOf(fetched, skip), bundler, format, code)
          expect(await runAway(process.execPath, [bundled])).toMatch(/^token \d+\n$/)
        },
      )
    }
  }

  test.for(bundlers)(
    'that imports and requires the library, made by %s, has one copy of it',
    async (bundler, { skip }) => {
      writeFileSync(join(consumer.folder, 'old.cjs'), "exports.LeaseLost = require('holdfast').LeaseLost\n")
      const code =
        "import { LeaseLost } from 'holdfast'\nimport old from './old.cjs'\nconsole.log(old.LeaseLost === LeaseLost)\n"
      const bundled = await bundle(folderOf(fetched, skip), bundler, 'esm', code)
      expect(await runAway(process.execPath, [bundled])).toBe('true\n')
    },
  )

  test.for(Object.entries(programs))(
    'of %s, compiled by bun into a program, takes its lock',
    async ([, code], { skip }) => {
      const bun = bunOf(folderOf(fetched, skip), skip)
      const [source, program] = [join(consumer.folder, 'program.mjs'), join(away, 'program')]
      writeFileSync(source, code)
      const made = await run(bun, ['build', '--compile', source, '--outfile', program], { cwd: consumer.folder })
      expect(made.code, made.output).toBe(0)
      expect(await runAway(program)).toMatch(/^token \d+\n$/)
    },
  )
})

function bunOf(tools: string, skip: (note: string) => void): string {
  const name = `${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`
  const path = join(tools, 'node_modules', '@oven', `bun-${name}`, 'bin', 'bun')
  if (!existsSync(path)) skip(`bun has no program for ${name}`)
  return executable(path)
}
