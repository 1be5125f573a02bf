import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { codeWordOf, engineError, isForeignKey, unanswered } from './errors.ts'

const passing = { isFinal: false }
const final = { isFinal: true }

test.each([
  ["READONLY You can't write against a read only replica.", StoreUnavailable, passing],
  ["OOM command not allowed when used memory > 'maxmemory'. script: 1, on @user_script:3.", StoreUnavailable, final],
  ['MISCONF Redis is configured to save RDB snapshots, but …', StoreUnavailable, passing],
  ['NOPERM this user has no permissions', StoreUnavailable, final],
  ['NOAUTH Authentication required.', StoreUnavailable, final],
  ['WRONGPASS invalid username-password pair', StoreUnavailable, final],
  ['WRONGTYPE Operation against a key', StoreUnavailable, final],
  ['MOVED 3999 127.0.0.1:6381', StoreUnavailable, final],
  ["CROSSSLOT Keys in request don't hash to the same slot", StoreUnavailable, final],
  ["ERR unknown command 'EVALSHA'", StoreUnavailable, final],
  ['ERR DB index is out of range', StoreUnavailable, final],
  ['ERR max number of clients reached', StoreUnavailable, passing],
  ['ERR something that nobody has heard of', StoreUnavailable, passing],
  ['BUSY Redis is busy running a script.', NotApplied, passing],
  ['ASK 3999 127.0.0.1:6381', StoreUnavailable, final],
  ['TRYAGAIN Multiple keys request during rehashing of slot', NotApplied, passing],
  ['CLUSTERDOWN Hash slot not served', NotApplied, passing],
  ['LOADING Redis is loading the dataset in memory', NotApplied, passing],
  ['NOREPLICAS Not enough good replicas to write.', NotApplied, passing],
  ['Connection is closed.', OutcomeUnknown, passing],
  ['Socket closed unexpectedly', OutcomeUnknown, passing],
] as const)('%s', (message, kind, expected) => {
  const error = engineError(new Error(message), 'enter')
  expect(error).toBeInstanceOf(kind)
  expect(error).toMatchObject(expected)
  expect(error.message).toMatch(/^enter: /)
  expect(error.message).toContain(message.replace(/\.$/, ''))
})

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code })

test.each([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate', StoreUnavailable, true],
  ['CERT_HAS_EXPIRED', 'certificate has expired', StoreUnavailable, true],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate', StoreUnavailable, true],
  ['ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames", StoreUnavailable, true],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'wrong version number', OutcomeUnknown, true],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tlsv13 alert certificate required', OutcomeUnknown, true],
  // In the middle of a session; the next one may be whole.
  ['ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC', 'bad record mac', OutcomeUnknown, false],
  ['ECONNRESET', 'read ECONNRESET', OutcomeUnknown, false],
  ['ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6379', StoreUnavailable, false],
] as const)('%s: the driver said "%s"', (code, words, kind, isFinal) => {
  const error = engineError(coded(code, words), 'opening')
  expect(error).toBeInstanceOf(kind)
  expect(error).toMatchObject({ isFinal, message: expect.stringContaining(`The driver said: ${words}`) as string })
})

test('what a driver said of its connection is the reason of a command that failed, or was not answered', () => {
  const certificate = coded('CERT_HAS_EXPIRED', 'certificate has expired')
  const failed = engineError(new Error('Connection is closed.'), 'enter', { trouble: certificate })
  expect(failed).toMatchObject({ code: 'OUTCOME_UNKNOWN', isFinal: true })
  expect(failed.message).toMatch(/The driver said: Connection is closed; certificate has expired$/)
  const silence = new OutcomeUnknown('enter: no answer from the store within 5000 ms')
  const refused = coded('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:6379')
  expect(unanswered(silence, refused)).toMatchObject({
    message: `${silence.message}. The driver said: connect ECONNREFUSED 127.0.0.1:6379`,
    isFinal: false,
  })
  expect(unanswered(silence, new Error('WRONGPASS invalid username-password pair')).isFinal).toBe(true)
})

test('a host with several addresses has the words of each', () => {
  const each = ['::1', '127.0.0.1'].map((address) => coded('ECONNREFUSED', `connect ECONNREFUSED ${address}:6379`))
  const error = engineError(Object.assign(new AggregateError(each), { code: 'ECONNREFUSED' }), 'opening')
  expect(error.message).toContain('connect ECONNREFUSED ::1:6379; connect ECONNREFUSED 127.0.0.1:6379')
})

test('a script that calls a command which is missing names it, and a foreign key is named', () => {
  const script = "#!lua\nlocal clock = redis.call('TIME')\nreturn redis.call(x and 'SPUBLISH' or 'PUBLISH', 'a', 'b')"
  const missing = (line: number): string =>
    engineError(
      new Error(`ERR Unknown Redis command called from script script: 9d40, on @user_script:${line}.`),
      'enter',
      { script },
    ).message
  expect(missing(2)).toMatch(/lacks a command that a script needs.*which is where it calls TIME$/)
  expect(missing(3)).toMatch(/which is where it calls SPUBLISH or PUBLISH$/)
  const foreign = engineError(new Error('WRONGTYPE Operation against a key'), 'look', {
    keys: ['holdfast:floor', 'holdfast:{n!a}', 'holdfast:{n!a}:ends'],
  })
  expect(foreign.message).toMatch(/choose another prefix, or remove holdfast:\{n!a\}\. It said: WRONGTYPE/)
  expect(isForeignKey(foreign)).toBe(true)
  const several = engineError(new Error('WRONGTYPE no'), 'list', { keys: ['holdfast:{n!a}', 'holdfast:{n!b}'] })
  expect(several.message).toMatch(/choose another prefix\. It said/)
  expect(isForeignKey(engineError(new Error('NOPERM no'), 'look'))).toBe(false)
})

test.each([
  "NOPERM this user has no permissions to run the 'set' command",
  "ERR The user executing the script can't run this command or subcommand script: 37b1, on @user_script:1.",
  "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
  "ERR The user executing the script can't publish to the channel mentioned in the command",
  "ERR ACL failure in script: User locks has no permissions to run the 'zscore' command script: 37b1, on @user_script:1.",
])('a right that is missing is named as one, in a script as well: %s', (message) => {
  expect(codeWordOf(new Error(message))).toBe('NOPERM')
  expect(engineError(new Error(message), 'enter').message).toMatch(/does not allow this user .*docs\/redis\.md/)
})

test('the words of an error of the system are no code word of Redis', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' })
  expect(codeWordOf(refused)).toBeUndefined()
  expect(engineError(refused, 'opening')).toBeInstanceOf(StoreUnavailable)
  const reset = Object.assign(new Error('ERR read ECONNRESET'), { code: 'ECONNRESET' })
  expect(engineError(reset, 'enter')).toBeInstanceOf(OutcomeUnknown)
})

test('neither the password nor the claim in a command is in the error', () => {
  const id = '0123456789abcdef0123456789abcdef'
  const words = [
    `WRONGPASS for redis://me:hunter2@host and ${id}`,
    `getaddrinfo ENOTFOUND for rediss://me:hun/ter@hunter2@host, ${id}`,
    "ERR unknown command 'AUTH', with args beginning with: 'me' 'hunter2' ",
    'ERR unknown command `AUTH`, with args beginning with: `me`,\n `hunter2`, ',
  ]
  for (const each of words) {
    const error = Object.assign(new Error(each), { command: { name: 'auth', args: ['me', 'hunter2', id] } })
    for (const call of [{}, { trouble: error }]) {
      const shown = inspect(engineError(error, 'opening', call), { depth: 10 })
      expect(shown).not.toContain('hunter2')
      expect(shown).not.toContain(id)
      expect(engineError(error, 'opening', call).message).not.toContain('\n')
    }
  }
})

test('what a server says without end is cut', () => {
  expect(engineError(new Error(`ERR ${'x'.repeat(10_000)}`), 'enter').message.length).toBeLessThan(500)
})
