/** What a stranger gets from the registry: the packed library compiles under strict rules, and the package checkers agree. */
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Consumer, consumerOfPackedLibrary } from '../support/packed.ts'
import { run, runTool } from '../support/run.ts'
import { root } from '../support/tree.ts'

const SLOW_MS = 60_000
/** Some 40 kB for each further engine, 20 for each guard and 15 for each recipe, of both builds. */
const TARBALL_BYTES_MAX = 880_000

describe('the packed library', { timeout: SLOW_MS }, () => {
  let consumer: Consumer
  beforeAll(async () => {
    consumer = await consumerOfPackedLibrary()
  })
  afterAll(() => consumer?.remove())

  test('compiles in a strict project', async () => {
    const { code, output } = await runTool('typescript/bin/tsc', ['-p', consumer.folder, '--noEmit'])
    expect(code, output).toBe(0)
  })

  test('has types that notice a wrong call', async () => {
    const wrong = "import { holdfast } from 'holdfast'\nexport const x: number = holdfast('no store')\n"
    writeFileSync(join(consumer.folder, 'wrong.ts'), wrong)
    writeFileSync(
      join(consumer.folder, 'tsconfig.wrong.json'),
      '{ "extends": "./tsconfig.json", "files": ["wrong.ts"] }',
    )
    const { code, output } = await runTool('typescript/bin/tsc', [
      '-p',
      join(consumer.folder, 'tsconfig.wrong.json'),
      '--noEmit',
    ])
    expect(code, output).not.toBe(0)
    expect(output).toContain('TS2345')
  })

  test('holds what it needs and no tests, sources or build notes', () => {
    const packed = readdirSync(join(consumer.folder, 'node_modules', 'holdfast'), { recursive: true, encoding: 'utf8' })
    expect(packed).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json', join('bin', 'holdfast.js')]))
    expect(packed.filter((file) => /\.(?:test|fixture|lua|map)\b|tsbuildinfo|^src|^etc/.test(file))).toEqual([])
  })

  test('is small: two builds, and nothing twice within one', () => {
    expect(statSync(consumer.tarball).size).toBeLessThanOrEqual(TARBALL_BYTES_MAX)
  })

  test('satisfies publint', async () => {
    const { code, output } = await runTool('publint/src/cli.js', ['run', consumer.tarball, '--strict'])
    expect(code, output).toBe(0)
  })

  test('has types that resolve under every resolution, old and new, for both kinds of module (attw)', async () => {
    const { code, output } = await runTool('@arethetypeswrong/cli/dist/index.js', [
      consumer.tarball,
      '--profile',
      'strict',
      '--no-definitely-typed',
    ])
    expect(code, output).toBe(0)
  })
})

describe.each(['fastify', 'nestjs', 'telemetry', 'otel', 'prometheus'])(
  'the packed adapter @holdfast/%s',
  { timeout: SLOW_MS },
  (name) => {
    test('has no tests and sources in it, and satisfies publint and attw', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-adapter-'))
      try {
        const packed = await run('npm', ['pack', '--silent', '--pack-destination', folder], {
          cwd: join(root, 'packages', name),
        })
        const tarball = join(folder, packed.output.trim())
        const { output: files } = await run('tar', ['-tzf', tarball], {})
        expect(files).toContain('package/dist/cjs/package.json')
        expect(files).not.toMatch(/\.(?:test|fixture)\.|\/src\/|tsbuildinfo|\.map$/m)
        const lint = await runTool('publint/src/cli.js', ['run', tarball, '--strict'])
        expect(lint.code, lint.output).toBe(0)
        const types = await runTool('@arethetypeswrong/cli/dist/index.js', [
          tarball,
          '--profile',
          'strict',
          '--no-definitely-typed',
        ])
        expect(types.code, types.output).toBe(0)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  },
)
