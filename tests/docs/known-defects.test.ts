/** docs/known-defects.md names a test, or a replay, for each defect that was found in another library. */
import { expect, test } from 'vitest'
import { citedTests, missingTests } from '../support/cited-tests.ts'
import { read } from '../support/tree.ts'

test('every defect of the page has a test that is there, or a reason why there is nothing to test', () => {
  const page = read('docs/known-defects.md')
  expect(citedTests(page).length).toBeGreaterThan(20)
  expect(missingTests(page)).toEqual([])
})
