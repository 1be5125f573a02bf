/** docs/from-redlock.md says of each test of redlock's own suites what became of it, and which test of ours checks the same. */
import { expect, test } from 'vitest'
import { citedTests, missingTests } from '../support/cited-tests.ts'
import { read } from '../support/tree.ts'

/** Of redlock 5, in their order. Those that name another reason than "–" read or write redlock's own keys. */
const suites = {
  single: [
    'refuses to use a non-integer duration',
    'acquires, extends, and releases a single lock',
    'acquires, extends, and releases a multi-resource lock',
    'locks fail when redis is unreachable',
    'locks automatically expire',
    'individual locks are exclusive',
    'overlapping multi-locks are exclusive',
    'the using helper acquires, extends, and releases locks',
    'the using helper is exclusive',
  ],
  multi: [
    'acquires, extends, and releases a single lock',
    'succeeds when a minority of clients fail',
    'fails when a majority of clients fail',
  ],
} as const

test('each test of redlock is in the page, with ours, and with the reason where it does not pass as it is', () => {
  const rows = read('docs/from-redlock.md').match(/^\| (?:single|multi) \|.*$/gm) ?? []
  const cells = rows.map((row) => row.split(' | '))
  expect(cells.map(([suite, title]) => `${suite?.slice(2)}: ${title}`)).toEqual(
    Object.entries(suites).flatMap(([suite, titles]) => titles.map((title) => `${suite}: ${title}`)),
  )
  for (const [, , asItIs, , reason] of cells) expect(asItIs === 'passes', reason).toBe(reason === '–')
  expect(citedTests(rows.join('\n'))).toHaveLength(rows.length)
  expect(missingTests(rows.join('\n'))).toEqual([])
})
