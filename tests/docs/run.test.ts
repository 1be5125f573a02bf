/** The commands of docs/run.md are commands: each is run as it stands there, on a store of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../support/run.ts'
import { read, root } from '../support/tree.ts'

const page = read('docs/run.md')

/** Words between `holdfast` and the command behind `--`, from crontabs, units, images and pods. */
function options(): readonly (readonly string[])[] {
  const lines = Array.from(page.matchAll(/holdfast (run .*?) -- /g), ([, words = '']) => words.split(' '))
  const lists = Array.from(page.matchAll(/\["?holdfast"?, (.*?), "?--"?[,\]]/g), ([, words = '']) =>
    words.split(', ').map((word) => word.replaceAll('"', '')),
  )
  return [...lines, ...lists].filter((words) => !words.includes('NAME'))
}

test('there are commands in a crontab, two units, an image and a pod', () => {
  expect(options().map((words) => words.length)).toEqual([7, 5, 4, 3, 7])
})

test.each(options().map((words) => [words.join(' '), words] as const))(
  'holdfast %s runs the command, and its exit code is that of the command',
  { timeout: 60_000 },
  async (_, words) => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-run-page-'))
    try {
      const env = { HOLDFAST_STORE: `sqlite://${join(folder, 'locks.db')}`, HOME: folder }
      const command = ['sh', '-c', 'test -n "$HOLDFAST_TOKEN" && exit 7']
      const bin = join(root, 'packages', 'cli', 'bin', 'holdfast.js')
      const { code, output } = await run(process.execPath, [bin, ...words, '--', ...command], { env, cwd: folder })
      expect(output.replaceAll(/^\(.*\n/gm, '')).toBe('')
      expect(code).toBe(7)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
