/** A library never ends the process it is in: a holder that loses its lock is told, and ends its own work. */
import { expect, test } from 'vitest'
import { complaints, repositoryFiles } from '../support/tree.ts'

/** Processes of their own: the command, the process that watches over one, and the children of tests. */
const PROGRAM = /^packages\/(?:[^/]+\/bin\/|cli\/src\/(?:bin|guardian)\.ts$)|\.(?:test|fixture)\.ts$/

/** Comments and texts may speak of it. */
function ends(text: string, path: string): readonly string[] {
  if (PROGRAM.test(path)) return []
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|'[^'\n]*'/gm, '')
  const found = /\bprocess\s*\??\.\s*(?:exit|abort|reallyExit)\b|\bexit\b[^}\n]*\}\s*=\s*process\b/.exec(code)?.[0]
  return found === undefined ? [] : [`${found}: throw, or set an exit code in bin.ts`]
}

test('the library and the parts of the command end no process', () => {
  const files = ['packages/holdfast', 'packages/cli'].flatMap((folder) => repositoryFiles(/\.(?:ts|js)$/, folder))
  expect(files.length).toBeGreaterThan(100)
  expect(complaints(files, ends)).toEqual([])
})

test.each([
  ['packages/holdfast/src/lease/held-lease.ts', 'process.exit(1)'],
  ['packages/holdfast/src/lease/held-lease.ts', 'setTimeout(process.exit, 5)'],
  ['packages/holdfast/src/stores/redis/open.ts', 'globalThis.process?.abort()'],
  ['packages/cli/src/run.ts', 'const { exit, stdout } = process'],
])('an end of the process in %s is found', (path, text) => {
  expect(ends(text, path)).toHaveLength(1)
})

test.each([
  ['packages/cli/src/bin.ts', 'process.exit(0)'],
  ['packages/cli/src/main.ts', 'process.exitCode = 1'],
  ['packages/cli/src/main.ts', '// not process.exit: a pipe may still be full'],
  ['packages/cli/src/main.ts', "process.once('exit', close)"],
])('%s may do what ends nothing, or is a program', (path, text) => {
  expect(ends(text, path)).toEqual([])
})
