/** `npm test` skips the install when there is nothing to install; a wrong guess there would test the wrong programs. */
import { expect, test } from 'vitest'
import { whyStale } from '../../scripts/install.mjs'

const wanted = {
  '': {},
  'packages/holdfast': { version: '0.1.0' },
  'node_modules/holdfast': { link: true },
  'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' },
  'node_modules/a-for-another-platform': { version: '1.0.0', integrity: 'sha512-b', optional: true },
}
const installed = { 'packages/holdfast': { version: '0.1.0' }, 'node_modules/a': wanted['node_modules/a'] }

test('an install that matches the lockfile is left alone', () => {
  expect(whyStale(wanted, installed)).toBeUndefined()
})

test.each([
  ['nothing is installed', undefined, 'nothing is installed yet'],
  ['a package is missing', { 'packages/holdfast': { version: '0.1.0' } }, 'node_modules/a changed'],
  ['a package has another version', { ...installed, 'node_modules/a': { version: '2.0.0' } }, 'node_modules/a changed'],
  [
    'a package is there that nobody asked for',
    { ...installed, 'node_modules/b': {} },
    'node_modules/b is no longer wanted',
  ],
])('it is done again when %s', (_, found, reason) => {
  expect(whyStale(wanted, found)).toBe(reason)
})
