/** Mistakes on the command line: one clear line on stderr, the right exit code, nothing on stdout, no stack. */
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exitCodeRows } from './exit-codes.ts'
import { type Ended, Sandbox } from './fixture.ts'
import { main } from './main.ts'
import type { Streams } from './printer.ts'

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

/** The same call without a process, for what no operating system lets through and for speed. */
async function call(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Omit<Ended, 'signal'>> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const streams = { stdin, stdout, stderr } as unknown as Streams
  const code = await main({
    args,
    environment: { HOLDFAST_STORE: sandbox.store, PATH: process.env['PATH'], ...environment },
    streams,
  })
  return { code, stdout: textOf(stdout), stderr: textOf(stderr) }
}

function textOf(stream: PassThrough): string {
  const chunk: unknown = stream.read()
  return chunk instanceof Buffer ? chunk.toString() : ''
}

const mistakes: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
  [
    'no command',
    [],
    /which command\? run, hold, acquire, release, elect, cron, tick, history, once, slot, rate, members, partitions, ls, inspect, watch, evict, doctor, rebase, serve, schema, check, completion, man or redlock;/,
  ],
  ['an unknown command', ['frobnicate'], /unknown command 'frobnicate'/],
  ['an unknown option', ['run', '--frob', 'job', '--', 'true'], /unknown option '--frob'/],
  ['a run without a name', ['run', '--', 'true'], /the name of a lock is missing: NAME, or --name NAME/],
  ['a run without a command', ['run', 'job'], /run needs a command after two dashes/],
  ['a command without dashes', ['run', 'job', 'true'], /put -- before the command: holdfast run NAME -- COMMAND/],
  ['a command with options and without dashes', ['run', 'job', 'ls', '-l'], /put -- before the command: holdfast run/],
  ['nothing after the dashes', ['run', 'job', '--'], /run needs a command after two dashes/],
  ['a command after ls', ['ls', '--', 'true'], /ls takes no command/],
  ['an empty name', ['run', '', '--', 'true'], /name must not be empty/],
  ['a name with NUL', ['run', 'a\0b', '--', 'true'], /name must not contain NUL/],
  ['a name of 201 bytes', ['run', 'n'.repeat(201), '--', 'true'], /name must be at most 200 bytes of UTF-8, got 201/],
  ['half of a surrogate pair', ['inspect', '\ud800'], /name must be well-formed Unicode/],
  ['an empty namespace', ['--namespace', '', 'inspect', 'job'], /namespace must not be empty/],
  ['a ttl of 0', ['run', '--ttl', '0s', 'job', '--', 'true'], /--ttl must be between 100ms and 24h/],
  [
    'a ttl without a unit',
    ['run', '--ttl', '10', 'job', '--', 'true'],
    /--ttl must be between 100ms and 24h in whole milliseconds, text such as "250ms", "10s" or "1m30s"; got "10"/,
  ],
  [
    'a wait that is no duration',
    ['run', '--wait', 'banana', 'job', '--', 'true'],
    /--wait must be between 0ms and 24h/,
  ],
  ['a wait of a year', ['run', '--wait', '8760h', 'job', '--', 'true'], /--wait must be between 0ms and 24h/],
  [
    'a stop that leaves no time',
    ['run', '--ttl', '1s', '--stop-before', '900ms', 'job', '--', 'true'],
    /--stop-before 900ms must be at most half of --ttl \(1\.0s\)/,
  ],
  [
    'a minimum hold of two days',
    ['run', '--min-hold', '48h', 'job', '--', 'true'],
    /--min-hold must be between 0ms and 24h/,
  ],
  [
    'a lock-delay of a day',
    ['run', '--lock-delay', '24h', 'job', '--', 'true'],
    /--lock-delay must be between 0ms and 1h/,
  ],
  [
    'an exit code of 256',
    ['run', '--conflict-exit-code', '256', 'job', '--', 'true'],
    /--conflict-exit-code must be a number from 0 to 255/,
  ],
  ['reading and writing at once', ['run', '--shared', '--exclusive', 'job', '--', 'true'], /exclude each other/],
  ['permits for readers', ['run', '--permits', '2', '--shared', 'job', '--', 'true'], /exclude each other/],
  [
    'no permits',
    ['run', '--permits', '0', 'job', '--', 'true'],
    /--permits must be a number from 1 to 1000000; got "0"/,
  ],
  [
    'more permits than there are',
    ['run', '--permits', '2', '--take', '3', 'job', '--', 'true'],
    /--take must be a number from 1 to 2; got "3"/,
  ],
  ['a part of a lock', ['run', '--take', '1', 'job', '--', 'true'], /--take is for --permits/],
  ['readers of two names', ['run', '-n', 'a', '-n', 'b', '--shared', '--', 'true'], /--shared is for one name/],
  ['a name behind --name', ['run', '-n', 'a', 'b', '--', 'true'], /--name stands in the place of "b"/],
  ['one name twice', ['run', '-n', 'a', '-n', 'a', '--', 'true'], /names must not repeat/],
  ['a watch without pause', ['watch', '--interval', '0s'], /--interval must be between 100ms and 1h/],
  ['a watch of no names', ['watch', '--names', '0'], /--names must be a number from 1 to 500; got "0"/],
  ['a doctor for an unknown store', ['doctor', 'gopher://host'], /unknown store scheme "gopher:"/],
  ['an eviction without a token', ['evict', 'job', '--reason', 'x'], /evict needs --token/],
  ['an eviction without a reason', ['evict', 'job', '--token', '5'], /evict needs --reason/],
  [
    'a token that is no number',
    ['evict', 'job', '--token', '0x5', '--reason', 'x'],
    /--token must be the decimal number/,
  ],
  ['a rebase without a terminal', ['rebase', '--to', 'now'], /rebase needs --yes/],
  ['a base that is no date', ['rebase', '--to', 'yesterday', '--yes'], /--to must be now, a date such as/],
  ['a base without a time of day', ['rebase', '--to', '2026-11-29', '--yes'], /--to must be now, a date such as/],
  ['a base beyond all tokens', ['rebase', '--to', '9223372036854775807', '--yes'], /--to must be now, a date/],
  ['a base of 0', ['rebase', '--to', '0', '--yes'], /--to must be now, a date/],
  ['a redlock without an action', ['redlock'], /missing required argument 'action'/],
  ['an unknown action', ['redlock', 'stop'], /Allowed choices are status, begin, finish, start/],
  ['a redlock of one file', ['redlock', 'status', 'sqlite:/srv/x'], /redlock is for a store of several servers/],
  [
    'a redlock of two servers',
    ['redlock', 'status', 'redlock://a,b'],
    /redlock\(\) needs at least 3 servers, and got 2/,
  ],
  ['a finish without a terminal', ['redlock', 'finish', 'redlock://a,b,c'], /redlock finish needs --yes/],
  ['a start without a terminal', ['redlock', 'start', 'redlock://a,b,c'], /redlock start needs --yes/],
  ['an option of another step', ['redlock', 'begin', '--force', 'redlock://a,b,c'], /are for redlock finish/],
  ['a store URL without a scheme', ['--store', '/srv/x', 'ls'], /the store URL has no scheme; known: redis:/],
  ['an unknown store', ['--store', 'gopher://host/x', 'ls'], /unknown store scheme "gopher:"; known: redis:/],
  ['a store in memory', ['--store', 'memory:', 'run', 'job', '--', 'true'], /memory: lives inside one process/],
  ['SQLite in memory', ['--store', 'sqlite::memory:', 'run', 'job', '--', 'true'], /lives inside one process/],
  ['a sqlite URL with a host', ['--store', 'sqlite://host/path', 'ls'], /a sqlite: URL has no host/],
]

describe('a mistake on the command line', () => {
  it.each(mistakes)('%s: exit code 2 and one line that says the way out', async (_what, args, message) => {
    const { code, stdout, stderr } = await call(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^holdfast: [^\n]+\n$/)
  })

  it('is a JSON document with --json', async () => {
    const { code, stdout, stderr } = await call(['run', '--json', '--ttl', '0s', 'job', '--', 'true'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({ event: 'error', code: 'MISUSE', exitCode: 2 })
  })
})

describe('a store that cannot be used', () => {
  it('is exit code 69 and one line', async () => {
    for (const args of [['ls'], ['run', 'job', '--', 'true'], ['run', '--no-wait', 'job', '--', 'true']]) {
      const { code, stdout, stderr } = await call(['--store', 'sqlite:/proc/nowhere/locks.db', ...args])
      expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
      expect(stderr).toMatch(/^holdfast: [^\n]*\/proc\/nowhere[^\n]*\n$/)
    }
  })
})

describe('help', () => {
  it('lists every exit code and examples, on stdout', async () => {
    const { code, stdout, stderr } = await call(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const [exitCode, meaning] of exitCodeRows) expect(stdout).toContain(`${exitCode.padEnd(5)}  ${meaning}`)
    expect(stdout).toContain('holdfast run nightly -- ./backup.sh')
    for (const command of ['run', 'ls', 'inspect', 'watch', 'evict', 'doctor', 'rebase', 'redlock']) {
      expect((await call([command, '--help'])).stdout).toMatch(/Examples:\n {2}holdfast/)
    }
  })

  it('and the version come without a store', async () => {
    const { code, stdout } = await call(['--version'], { HOLDFAST_STORE: 'sqlite:/proc/nowhere' })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('a password in the store URL', () => {
  const canary = 'c4n4ry/p%40ss'

  it.each([
    ['an unknown scheme', `gopher://user:${canary}@host/0`],
    ['a Redis that is away', 'redis://user:c4n4ry@127.0.0.1:1'],
    ['a Redlock that is away', 'redlock://user:c4n4ry@127.0.0.1:1,127.0.0.1:2,127.0.0.1:3'],
    ['no scheme', `//user:${canary}@host`],
    ['a query', `gopher://host/?password=${canary}`],
    ['a path that is used', 'sqlite:/proc/nowhere/locks.db?password=c4n4ry'],
    ['memory', `memory://:${canary}@x`],
  ])('is never shown: %s', async (_what, url) => {
    for (const args of [
      ['ls'],
      ['inspect', 'job'],
      ['run', '--no-wait', 'job', '--', 'true'],
      ['run', '--wait', '400ms', 'job', '--', 'true'],
      ['--json', 'ls'],
      ['watch', '--once'],
      ['doctor', url],
      ['--frob'],
      ['run', '--no-wait', url, '--', 'true'],
      [url],
    ]) {
      for (const outcome of [
        await call(['--store', url, ...args]),
        await call([`--store=${url}`, ...args]),
        await call(args, { HOLDFAST_STORE: url }),
      ]) {
        expect(outcome.code).toBeGreaterThan(0)
        expect(outcome.stdout + outcome.stderr).not.toMatch(/c4n4ry|p@ss|p%40ss/)
      }
    }
  })
})
