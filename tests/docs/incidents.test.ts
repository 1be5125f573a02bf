/** docs/fault-lab.md names a test, or a replay, for each published incident that no replay is named after. */
import { expect, test } from 'vitest'
import { citedTests, missingTests } from '../support/cited-tests.ts'
import { read } from '../support/tree.ts'

/** The table alone: others of the page have no tests in them. */
function incidents(): string {
  const [, table = ''] = /^\| incident \|.*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(read('docs/fault-lab.md')) ?? []
  return table
}

test('every incident of the page has a test or a replay that is there', () => {
  expect(citedTests(incidents()).length).toBeGreaterThanOrEqual(5)
  expect(missingTests(incidents())).toEqual([])
})
