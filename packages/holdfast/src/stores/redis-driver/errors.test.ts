import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import { codeWordOf, engineError } from './errors.ts'

test.each([
  ["READONLY You can't write against a read only replica.", StoreUnavailable],
  ["OOM command not allowed when used memory > 'maxmemory'. script: 1, on @user_script:3.", StoreUnavailable],
  ['MISCONF Redis is configured to save RDB snapshots, but …', StoreUnavailable],
  ['NOPERM this user has no permissions', StoreUnavailable],
  ['NOAUTH Authentication required.', StoreUnavailable],
  ['WRONGPASS invalid username-password pair', StoreUnavailable],
  ['WRONGTYPE Operation against a key', StoreUnavailable],
  ['MOVED 3999 127.0.0.1:6381', StoreUnavailable],
  ["CROSSSLOT Keys in request don't hash to the same slot", StoreUnavailable],
  ["ERR unknown command 'EVALSHA'", StoreUnavailable],
  ['BUSY Redis is busy running a script.', NotApplied],
  ['ASK 3999 127.0.0.1:6381', StoreUnavailable],
  ['TRYAGAIN Multiple keys request during rehashing of slot', NotApplied],
  ['CLUSTERDOWN Hash slot not served', NotApplied],
  ['LOADING Redis is loading the dataset in memory', NotApplied],
  ['NOREPLICAS Not enough good replicas to write.', NotApplied],
  ['Connection is closed.', OutcomeUnknown],
  ['Socket closed unexpectedly', OutcomeUnknown],
])('%s', (message, kind) => {
  const error = engineError(new Error(message), 'enter')
  expect(error).toBeInstanceOf(kind)
  expect(error.message).toMatch(/^enter: /)
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
  const error = Object.assign(new Error(`WRONGPASS for redis://me:hunter2@host and ${id}`), {
    command: { name: 'auth', args: ['me', 'hunter2', id] },
  })
  const shown = inspect(engineError(error, 'opening'), { depth: 10 })
  expect(shown).not.toContain('hunter2')
  expect(shown).not.toContain(id)
})
