/** What one process sends, another one reads; and what a stranger sends, nobody believes. */
import { expect, test } from 'vitest'
import { noticeIn, noticeText } from './notice-text.ts'

test.each([
  { resource: 'n!lock' },
  { resource: 'n!lock', id: 'one' },
  {
    resource: 'n!lock',
    id: 'one',
    grant: { token: 9_223_372_036_854_775_807n, atMs: 1_790_000_000_000.125, lifeMs: 3_000 },
  },
])('a notice is read as it was sent, whatever it names', (notice) => {
  expect(noticeIn(noticeText(notice))).toEqual(notice)
})

test.each([
  '',
  ' ',
  ' id',
  'n!lock id 1',
  'n!lock id 1 2 3 4',
  'n!lock id x 2 3',
  'n!lock id 1 x 3',
  'n!lock id 1 2 Infinity',
])('what another program sent is no notice: %j', (payload) => {
  expect(noticeIn(payload)).toBeUndefined()
})
