/** Every part of a URL is read here, and a mistake is told by its position and nothing else. */
import { expect, test } from 'vitest'
import { Misuse } from '../../store/errors.ts'
import { addressesOf } from '../redlock/addresses.ts'
import { addressOf } from './address.ts'

test.each([
  ['redis://host', { kind: 'server', host: 'host', port: 6379, database: 0, isTls: false }],
  ['REDISS://host:6380/', { kind: 'server', host: 'host', port: 6380, database: 0, isTls: true }],
  ['redis://127.0.0.1:7000/15', { kind: 'server', host: '127.0.0.1', port: 7000, database: 15, isTls: false }],
  ['redis://[::1]:7000/007', { kind: 'server', host: '::1', port: 7000, database: 7, isTls: false }],
  ['redis://me:p%40ss%2Fword@host', { kind: 'server', host: 'host', username: 'me', password: 'p@ss/word' }],
  ['redis://:secret@host', { kind: 'server', password: 'secret' }],
  ['redis://me@host', { kind: 'server', username: 'me' }],
  // An @ that was not encoded can only be meant so.
  ['redis://me:p@ss@host', { kind: 'server', host: 'host', username: 'me', password: 'p@ss' }],
  ['redis://me:a:b@host', { kind: 'server', username: 'me', password: 'a:b' }],
  ['redis://host?family=6', { kind: 'server', host: 'host', family: 6 }],
  ['redis+unix:///run/redis/6379', { kind: 'socket', path: '/run/redis/6379', database: 0, isTls: false }],
  [
    'redis+unix://me:p%40ss@/run/a%20b.sock?db=15',
    { kind: 'socket', path: '/run/a b.sock', database: 15, username: 'me', password: 'p@ss' },
  ],
  [
    'redis+cluster://me:pw@a:1,b/0',
    {
      kind: 'cluster',
      hosts: [
        { host: 'a', port: 1 },
        { host: 'b', port: 6379 },
      ],
      username: 'me',
      password: 'pw',
    },
  ],
  [
    'rediss+sentinel://a,[::2]:5/my%20master/3',
    {
      kind: 'sentinel',
      hosts: [
        { host: 'a', port: 26379 },
        { host: '::2', port: 5 },
      ],
      name: 'my master',
      database: 3,
      isTls: true,
    },
  ],
])('%s', (url, expected) => {
  expect(addressOf(url)).toMatchObject(expected)
})

/** What is wrong, where, and what is said; the mark ^ stands where the error has to point, and is taken out. */
const mistakes: readonly (readonly [url: string, words: RegExp])[] = [
  ['^http://host', /scheme/],
  ['^host:6379', /scheme/],
  ['^//host', /scheme/],
  ['^redis:host', /scheme/],
  ['^redis+cluster:host', /scheme/],
  ['redis://^', /names no host/],
  ['redis://^:6379', /names no host/],
  ['redis://^/0', /names no host/],
  ['redis://me:hunter2@^/0', /names no host/],
  ['redis://host:^', /a port from 1 to 65535/],
  ['redis://host:^x', /a port/],
  ['redis://host:^0', /a port/],
  ['redis://host:^65536/0', /a port/],
  ['redis://host:^6379:6380', /a port/],
  ['redis://^ho st', /character that hosts do not have/],
  ['redis://^[::1', /character that hosts do not have/],
  ['redis://host/^production', /number of a database from 0 to 99999/],
  ['redis://host/^1/2', /number of a database/],
  ['redis://host/^-1', /number of a database/],
  ['redis://host/^1.5', /number of a database/],
  ['redis://host/^0x1', /number of a database/],
  ['redis://host/^100000', /number of a database/],
  ['redis://host/^1 ', /number of a database/],
  ['redis://host/^0\n', /number of a database/],
  ['redis://host/^%31', /number of a database/],
  ['redis://host/1^?db=2', /family/],
  ['redis://host^?password=hunter2', /family/],
  ['redis://host/1^#hunter2', /behind a #/],
  ['redis://me:hunter2^%2@host', /% that begins no encoded character/],
  ['redis://me:^%ff@host', /%/],
  ['redis://me:p^/hunter2@host', /%2F, %3F or %23/],
  ['redis://me:p^?hunter2@host', /%2F, %3F or %23/],
  ['redis://me:p^#hunter2@host/0', /%2F, %3F or %23/],
  ['redis://a:1^,b:2', /names one server/],
  ['redis+cluster://a:1,^', /names no host/],
  ['redis+cluster://a:1,^,b', /names no host/],
  ['redis+cluster://a:1,b:^x', /a port/],
  ['redis+cluster://a:1/^2', /database/],
  ['redis+cluster://a:1/^name', /number of a database/],
  ['redis+cluster://a^?x=1', /question mark/],
  ['redis+sentinel://a:1^', /the name that the Sentinels watch/],
  ['redis+sentinel://a:1^/', /the name that the Sentinels watch/],
  ['redis+sentinel://a:1/name/^x', /number of a database/],
  ['redis+sentinel://a:1/na^%me', /%/],
  ['^rediss+unix:///run/redis.sock', /no TLS/],
  ['redis+unix://^run/redis.sock', /three slashes/],
  ['redis+unix://me:hunter2@^host/run/redis.sock', /no host/],
  ['redis+unix://^', /path of a socket/],
  ['redis+unix://me:hunter2@^/', /path of a socket/],
  ['redis+unix:///run/redis.sock^?password=hunter2', /only db=0/],
  ['redis+unix:///run/redis.sock?db=^x', /number of a database/],
]

test.each(mistakes)('every mistake in a URL for Redis is told by its position: %s', (marked, words) => {
  const at = marked.indexOf('^')
  const url = marked.replace('^', '')
  const error = refusal(() => addressOf(url))
  expect(error).toBeInstanceOf(Misuse)
  expect(error.message).toMatch(words)
  expect(error.message).toContain(`at character ${at + 1}. It looks like redis://`)
  expect(error.message).not.toContain('hunter2')
})

test.each([
  ['redlock://a:1,b:2,c:^x', /a port/],
  ['redlock://a:1,b:2/^prod,c:3', /number of a database/],
  ['redlock://me:hunter2@a:1,^,c:3', /names no host/],
  ['redlock://a:1,b:2,c:3^?x', /family/],
])('%s', (marked, words) => {
  const at = marked.indexOf('^')
  const error = refusal(() => addressesOf(marked.replace('^', '')))
  expect(error.message).toMatch(words)
  expect(error.message).toContain(`at character ${at + 1}.`)
  expect(error.message).not.toContain('hunter2')
})

test('the nodes of Redlock have the login of the first unless they name their own, and a name without it', () => {
  const names = addressesOf('redlock://me:hunter2@a:1/3,b,other:pw@[::1]:7').map(({ name }) => name)
  expect(names).toEqual(['a:1/3', 'b:6379', '[::1]:7'])
})

test('more than a hundred hosts are refused', () => {
  const hosts = Array.from({ length: 101 }, (_, index) => `h${index}`).join(',')
  expect(() => addressOf(`redis+cluster://${hosts}`)).toThrow(/at most 100 hosts/)
})

function refusal(parse: () => unknown): Error {
  try {
    parse()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was refused')
}
