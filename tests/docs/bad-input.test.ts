/** docs/bad-input.md names a test for each kind of bad input: the test is there, under that name. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { read, root } from '../support/tree.ts'

interface Row {
  readonly file: string
  readonly name: string
}

/** The last cell of each row of a table. */
function rowsOf(page: string): readonly Row[] {
  return page.split('\n').flatMap((line) => {
    if (!line.startsWith('| ') || /^\| (?:input|where)/.test(line)) return []
    const [, file = '', name = ''] = /\| `([^`]+)`: ([^|]+) \|$/.exec(line) ?? []
    return [{ file, name }]
  })
}

/** As it stands in the code: a name in quotes, whichever they are, and not in a comment alone. */
function hasTest(source: string, name: string): boolean {
  return ["'", '"', '`'].some((quote) => source.includes(quote + name + quote))
}

function missing(page: string): readonly string[] {
  return rowsOf(page)
    .filter(({ file, name }) => name === '' || !existsSync(join(root, file)) || !hasTest(read(file), name))
    .map(({ file, name }) => `${file}: ${name}`)
}

test('every row of the page names a test that is there', () => {
  const page = read('docs/bad-input.md')
  expect(rowsOf(page).length).toBeGreaterThan(40)
  expect(missing(page)).toEqual([])
})

test('a row without a test, with a missing file and with a wrong name are found', () => {
  const page = [
    '| input | demanded | test |',
    '|---|---|---|',
    '| a | b | none |',
    '| a | b | `tests/docs/none.test.ts`: a name |',
    '| a | b | `tests/docs/bad-input.test.ts`: a test that nobody wrote'.concat(', yet |'),
    '| a | b | `tests/docs/bad-input.test.ts`: every row of the page names a test that is there |',
  ].join('\n')
  expect(missing(page)).toHaveLength(3)
})
