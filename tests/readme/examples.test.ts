/** Every example of the documentation compiles against the library as it was built, and every whole program runs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run, runTool } from '../support/run.ts'
import { examplesOf, type Project, projectOf } from './examples.ts'

const SLOW_MS = 60_000
const PAGES = [
  'README.md',
  'docs/errors.md',
  'docs/guards.md',
  'docs/choose.md',
  'docs/write-your-own-store.md',
] as const
const examples = PAGES.flatMap((page) => examplesOf(page))
const programs = examples.filter(({ isProgram }) => isProgram)

/** What the text around a fragment has said already. */
const contexts: ReadonlyMap<string, string> = new Map([
  [
    'docs/guards.md 2',
    `import type { DatabaseSync } from 'node:sqlite'
import type { Lease } from 'holdfast'
import type { SqliteFence } from 'holdfast/guards/sqlite'
declare const [guard, lease, shop]: [SqliteFence, Lease, DatabaseSync]
declare const [seat, buyer]: [string, string]
`,
  ],
])

describe('the examples of the documentation', () => {
  let project: Project
  beforeAll(() => {
    project = projectOf(examples, contexts, 'docs/own-store')
  })
  afterAll(() => project.remove())

  test('compile', { timeout: SLOW_MS }, async () => {
    const { code, output } = await runTool('typescript/bin/tsc', ['--project', project.folder], { cwd: project.folder })
    expect(code, output).toBe(0)
  })

  test.each(programs.map(({ title, file }) => [title, file] as const))('%s runs', async (_, file) => {
    const { code, output } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      cwd: project.folder,
    })
    expect(code, output).toBe(0)
    expect(output).not.toMatch(/error/i)
  })
})

test('the two programs of the README are among those that run', () => {
  expect(programs.map(({ title }) => title)).toEqual(
    expect.arrayContaining(['README.md 1', 'README.md 2', 'docs/choose.md 1']),
  )
})

test('an example that does not compile and one that fails are found', { timeout: SLOW_MS }, async () => {
  const page = [
    "```ts\nimport { holdfast } from 'holdfast'\nholdfast(1)\n```",
    "```ts\nimport { fail } from 'node:assert'\nfail('no')\n```",
    '```ts\nguard.row(lease)\n```',
  ].join('\n')
  const found = examplesOf('page.md', page)
  expect(found.map(({ isProgram }) => isProgram)).toEqual([true, true, false])
  const project = projectOf(found, new Map(), 'docs/own-store')
  try {
    const compiled = await runTool('typescript/bin/tsc', ['--project', project.folder], { cwd: project.folder })
    expect(compiled.output).toMatch(/page-md-1\.ts\(2,10\): error/)
    expect(compiled.output).toMatch(/page-md-3\.ts\(1,1\): error/)
    expect((await run(process.execPath, ['page-md-2.ts'], { cwd: project.folder })).code).toBe(1)
  } finally {
    project.remove()
  }
})
