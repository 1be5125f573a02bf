/** A release: made as it will be made, from packages that agree, by a pipeline without secrets and with pinned parts. */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PUBLISHED, releaseFaults } from '../../scripts/release.mjs'
import { makeVersion, waitingChanges } from '../../scripts/versions.mjs'
import { citedTests, missingTests } from '../support/cited-tests.ts'
import { fetchTools, folderOf } from '../support/fetched.ts'
import { imageOf, stepsOf } from '../support/image.ts'
import { NODE_VERSIONS } from '../support/node-versions.ts'
import { run } from '../support/run.ts'
import { complaints, read, repositoryFiles, root } from '../support/tree.ts'

const SLOW_MS = 120_000
const workflows = repositoryFiles(/\.yml$/, '.github')

/** A tag of an action can be moved, a commit cannot; a script of ours has to be there. */
function workflowFaults(text: string): readonly string[] {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> }
  const actions = Array.from(text.matchAll(/uses: (\S+)(.*)$/gm), ([, action = '', note = '']) => ({ action, note }))
  const commands = Array.from(text.matchAll(/npm (?:run )?([a-z:]+)/g), ([, name = '']) => name)
  return [
    ...actions
      .filter(({ action, note }) => !/^actions\/[\w-]+@[0-9a-f]{40}$/.test(action) || !/^ # v\d/.test(note))
      .map(({ action }) => `${action} is not pinned by commit, with its version behind it`),
    ...commands
      .filter((name) => !['install', 'publish', 'test'].includes(name) && scripts[name] === undefined)
      .map((name) => `npm run ${name} is no script`),
    ...(/^permissions: \{ contents: read \}$/m.test(text) ? [] : ['has more rights than it needs']),
    ...(/secrets\./.test(text) ? ['has a secret that can be stolen'] : []),
  ]
}

test('the pipelines have pinned actions, scripts that exist, no secret, and no right they do not need', () => {
  expect(workflows.map((path) => path.replace(/^.*\//, ''))).toEqual(['ci.yml', 'release.yml', 'version.yml'])
  expect(complaints(workflows, workflowFaults)).toEqual([])
})

test('an action by its tag, a script that is missing, a secret and all rights are found', () => {
  const text = 'permissions: write-all\nsteps:\n  - uses: a/b@v1\n  - run: npm run nothing ${{ secrets.TOKEN }}\n'
  expect(workflowFaults(text)).toHaveLength(4)
})

test('the packages that are published agree on their version and on each other', () => {
  expect(releaseFaults(undefined)).toEqual([])
})

test('a version that the packages do not have, and that no change is noted for, is no release', () => {
  const faults = releaseFaults('9.9.9')
  expect(faults).toContain('holdfast is 0.1.0 and not 9.9.9')
  expect(faults).toContain('@holdfast/nestjs wants holdfast 0.1.0')
  expect(faults).toContain('CHANGELOG.md has no 9.9.9')
})

test('every row of what is supported has a test that is there', () => {
  const page = read('docs/support.md')
  expect(citedTests(page).length).toBeGreaterThan(7)
  expect(missingTests(page)).toEqual([])
})

/** Rows of drivers whose versions are not those that the tests have, to the minor version. */
function driverFaults(page: string): readonly string[] {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Readonly<Record<string, string>> }
  const rows = Array.from(page.matchAll(/^\| `([^`]+)` \| ([\d., ]+) \|/gm), ([, name = '', versions = '']) => ({
    name,
    versions,
  }))
  return rows.flatMap(({ name, versions }) => {
    const installed = Object.entries(devDependencies)
      .filter(([alias, version]) => alias === name || version.startsWith(`npm:${name}@`))
      .map(([, version]) => version.replace(/^npm:.*@/, '').replace(/\.\d+$/, ''))
    const expected = installed.toSorted((a, b) => Number(a) - Number(b)).join(', ')
    return expected === versions ? [] : [`${name} is tested with ${expected}, and not with ${versions}`]
  })
}

test('the versions of drivers are those that the tests have', () => {
  expect(driverFaults(read('docs/support.md'))).toEqual([])
  expect(driverFaults('| `pg` | 7.1 | x |')).toEqual(['pg is tested with 8.23, and not with 7.1'])
})

test('the versions of Node, of compilers and of other runtimes are those that their tests run', () => {
  const page = read('docs/support.md')
  const rowOf = (where: string): string => page.split('\n').find((line) => line.startsWith(`| ${where} |`)) ?? ''
  expect(rowOf('Node')).toContain(NODE_VERSIONS.map((version) => version.split('.')[0]).join(', '))
  const minors = (file: string, pattern: RegExp): readonly string[] =>
    Array.from(read(file).matchAll(pattern), ([, version = '']) => version)
  const compilers = minors('tests/house/typescript.test.ts', /'typescript-(5\.[2-9]|6\.\d)':/g)
  expect(rowOf('TypeScript')).toContain([...compilers, '7.0'].join(', '))
  const runtimes = minors('tests/house/runtimes.test.ts', /(?:bun|deno): '(\d+\.\d+)\./g)
  expect(rowOf('Bun, Deno')).toContain(runtimes.join(', '))
})

describe('a version', { timeout: SLOW_MS }, () => {
  /** A copy of what says the versions. */
  function repository(): string {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-version-'))
    const files = repositoryFiles(/^(?:[^/]+\/[^/]+\/)?package\.json$/, '').filter((path) => !path.startsWith('site'))
    for (const file of [...files, 'package-lock.json', 'CHANGELOG.md', '.changeset/config.json']) {
      mkdirSync(dirname(join(folder, file)), { recursive: true })
      copyFileSync(join(root, file), join(folder, file))
    }
    return folder
  }

  test('is made of the changesets that wait, is the same in every package, and is headed in the changelog', async ({
    skip,
  }) => {
    const tools = folderOf(await fetchTools('changesets', { '@changesets/cli': '3.0.3' }), skip)
    const folder = repository()
    try {
      const program = [process.execPath, join(tools, 'node_modules', '@changesets', 'cli', 'bin.js')] as const
      expect(await makeVersion(folder, program)).toBeUndefined()
      writeFileSync(join(folder, '.changeset', 'one.md'), "---\n'@holdfast/nestjs': minor\n---\n\nA word.\n")
      expect(await makeVersion(folder, program)).toBe('0.2.0')
      for (const name of PUBLISHED) {
        const manifest = JSON.parse(textOf(join(folder, 'packages', name), 'package.json')) as Record<string, object>
        expect(manifest['version'], name).toBe('0.2.0')
        const wants = { ...manifest['dependencies'], ...manifest['peerDependencies'] }
        if (name !== 'holdfast') expect(wants, name).toMatchObject({ holdfast: '0.2.0' })
      }
      expect(textOf(folder, 'CHANGELOG.md')).toMatch(/^## \[Unreleased\]\n\n## \[0\.2\.0\] - \d{4}-\d\d-\d\d\n/m)
      expect(waitingChanges(folder)).toEqual([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('a release without the publishing', { timeout: SLOW_MS }, () => {
  let context = ''
  let folder = ''
  let said = ''
  beforeAll(async () => {
    context = mkdtempSync(join(tmpdir(), 'holdfast-release-test-'))
    folder = join(context, 'release')
    const { code, output } = await run(process.execPath, ['scripts/release.mjs', '--to', folder])
    expect(code, output).toBe(0)
    said = output
  }, SLOW_MS)
  afterAll(() => rmSync(context, { recursive: true, force: true }))

  test('runs from its packages in an empty project, and tells what comes with them', () => {
    expect(said).toContain('holdfast 0.1.0 runs from its packages')
    const sums = textOf(folder, 'SHA256SUMS').trim().split('\n')
    expect(sums).toHaveLength(PUBLISHED.length + 1)
    for (const [sum, file] of sums.map((line) => line.split('  '))) {
      expect(sum).toBe(
        createHash('sha256')
          .update(readFileSync(join(folder, file ?? '')))
          .digest('hex'),
      )
    }
    expect(readdirSync(folder)).toHaveLength(PUBLISHED.length + 2)
    const { components } = JSON.parse(textOf(folder, 'sbom.cdx.json')) as { components: { readonly name: string }[] }
    expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(['holdfast', 'commander', 'ioredis']))
  })

  test('makes an image whose entry point runs a command under a lock', async () => {
    const image = await imageOf(read('Dockerfile'), context, join(context, 'image'))
    const entry = join(image.folder, 'usr', 'local', 'bin', image.entryPoint[0] ?? '')
    const env = { HOLDFAST_STORE: `sqlite://${join(context, 'locks.db')}`, HOME: context }
    const command = ['run', 'nightly', '--', 'sh', '-c', 'test -n "$HOLDFAST_TOKEN" && exit 7']
    const { code, output } = await run(process.execPath, [entry, ...command], { env, cwd: context })
    expect(code, output).toBe(7)
  })
})

test('an instruction of a Dockerfile that is not carried out is no success', () => {
  expect(() => stepsOf('FROM node:24-slim\nVOLUME /data')).toThrow('VOLUME /data')
})

function textOf(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8')
}
