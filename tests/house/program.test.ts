/** The `holdfast` program as npm links it: it finds the command, or says in one sentence what is missing. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { run } from '../support/run.ts'
import { read, root } from '../support/tree.ts'

const libraryProgram = join(root, 'packages', 'holdfast', 'bin', 'holdfast.js')
const commandProgram = join(root, 'packages', 'cli', 'bin', 'holdfast.js')
const { version } = JSON.parse(read('packages/cli/package.json')) as { readonly version: string }

test.each([
  ['the library', libraryProgram],
  ['the command', commandProgram],
  ['the workspace', join(root, 'node_modules', '.bin', 'holdfast')],
])('the program of %s starts the command', async (_, program) => {
  expect(await run(process.execPath, [program, '--version'])).toEqual({ code: 0, output: `${version}\n` })
})

test('without the command package the program says how to get it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-alone-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(libraryProgram, join(folder, 'holdfast.mjs'))
  expect(await run(process.execPath, [join(folder, 'holdfast.mjs'), 'ls'])).toEqual({
    code: 127,
    output: 'holdfast: the command is a package of its own; install it with: npm install @holdfast/cli\n',
  })
})

test.each(['20.19.6', '22.12.0'])('on Node %s the program says one sentence and shows no stack', async (old) => {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${old}' } })`
  const { code, output } = await run(process.execPath, [
    '--import',
    `data:text/javascript,${pretend}`,
    libraryProgram,
    'ls',
  ])
  expect(output).toBe(`holdfast: needs Node 22.13 or newer, and this is ${old}; see https://nodejs.org\n`)
  expect(code).toBe(1)
})
