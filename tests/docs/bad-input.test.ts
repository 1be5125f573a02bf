/** docs/bad-input.md names a test for each kind of bad input: the test is there, under that name. */
import { expect, test } from 'vitest'
import { citedTests, missingTests } from '../support/cited-tests.ts'
import { read } from '../support/tree.ts'

test('every row of the page names a test that is there', () => {
  const page = read('docs/bad-input.md')
  expect(citedTests(page).length).toBeGreaterThan(40)
  expect(missingTests(page)).toEqual([])
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
  expect(missingTests(page)).toHaveLength(3)
})
