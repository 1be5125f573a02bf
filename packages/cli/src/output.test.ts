/**
 * What the command prints: documents that parse, columns that line up, nothing that an author of a note could abuse.
 * @module-tag real-time
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { documentsIn, type LineSeen, type Running, Sandbox } from './fixture.ts'
import { printable, shortDuration } from './text.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

async function hold(name: string, note: string): Promise<Running> {
  const holder = sandbox.start(['run', '--note', note, name, '--', 'sh', '-c', 'echo up; sleep 60'])
  await holder.says(/up/)
  return holder
}

const NASTY = 'red \u001b[31malert\u001b[0m\nsecond line'

describe('ls and inspect', () => {
  it('print one JSON document a line with --json, with tokens as strings', async () => {
    await Promise.all([hold('shard:1', 'one'), hold('shard:2', NASTY), hold('other', '')])
    const { code, stdout, stderr } = await sandbox.run(['ls', 'shard:', '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const documents = documentsIn(stdout) as readonly LineSeen[]
    expect(documents).toMatchObject([
      { namespace: 'default', name: 'shard:1', capacity: 1, claims: [{ state: 'held', weight: 1, note: 'one' }] },
      { namespace: 'default', name: 'shard:2', capacity: 1, claims: [{ state: 'held', weight: 1, note: NASTY }] },
    ])
    expect(documents[0]?.claims[0]?.token).toMatch(/^\d+$/)
    expect(documents[0]?.lastToken).toBe(documents[0]?.claims[0]?.token)
    expect((await sandbox.run(['ls', 'nobody', '--json'])).stdout).toBe('')
    const free = await sandbox.run(['inspect', 'free', '--json'])
    expect(JSON.parse(free.stdout)).toEqual({
      namespace: 'default',
      name: 'free',
      lastToken: '0',
      capacity: null,
      claims: [],
    })
  })

  it('print no control and no mark that turns the writing around, in a document either, and it reads back as it was', async () => {
    const note = 'a\u009b31mb\u202ec\u2066d\u0085e\u2028f\u{e0041}g\u007fh\u200fi é漢😀'
    await hold('nasty', note)
    const ended = await Promise.all(
      [['ls', '--json'], ['inspect', 'nasty', '--json'], ['ls'], ['inspect', 'nasty'], ['watch', '--once']].map(
        (args) => sandbox.run(args),
      ),
    )
    // Both line ends apart.
    for (const { stdout } of ended) expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    for (const { stdout } of ended.slice(0, 2)) {
      expect(stdout).toContain('é漢😀')
      expect((JSON.parse(stdout) as { claims: unknown }).claims).toMatchObject([{ note }])
    }
  })

  it('tell their own messages as documents with the same care', async () => {
    const { code, stderr } = await sandbox.run(['--json', 'run', 'x\u202e\u009b', '--', 'no\u202e-such-command'])
    expect(code).toBe(127)
    expect(stderr.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(documentsIn(stderr)).toMatchObject([{ message: 'command not found: "no\u202e-such-command"' }])
  })

  it('print aligned columns for people, without colours in a pipe and without control characters', async () => {
    await Promise.all([hold('a', 'one'), hold('a-much-longer-name', NASTY)])
    const { stdout } = await sandbox.run(['ls'])
    expect(stdout).not.toContain('\u001b')
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(3)
    const column = lines[0]?.indexOf('STATE')
    expect(lines.slice(1).map((line) => line.indexOf('held'))).toEqual([column, column])
    expect(lines[2]).toContain('red \\x1b[31malert\\x1b[0m\\x0asecond line')
    const inspected = await sandbox.run(['inspect', 'a'])
    expect(inspected.stdout).toMatch(/^a in namespace default; last token: \d+\nSTATE {2}KIND {2}TOKEN/)
  })

  it('say so when nobody holds a lock', async () => {
    expect((await sandbox.run(['inspect', 'free'])).stdout).toMatch(/free: nobody holds it/)
    expect(await sandbox.run(['ls'])).toMatchObject({ code: 0, stdout: '' })
  })
})

describe('evict on a terminal', () => {
  it('shows the holder, asks for what is missing, and takes no for an answer', async () => {
    await hold('job', 'the night shift')
    const [claim] = (await sandbox.inspect('job')).claims
    const answers: readonly (readonly [RegExp, string])[] = [
      [/Token of the holder to evict: $/, claim?.token ?? ''],
      [/Reason, told to the holder: $/, 'a test'],
      [/Evict token \d+ from "job"\? Its holder may still be at work\. \[y\/N\] $/, 'n'],
    ]
    const { code, stderr } = await sandbox.talk(['evict', 'job'], answers)
    expect(code).toBe(1)
    expect(stderr).toMatch(/held by \S+ \(the night shift\), token \d+/)
    expect(stderr).toMatch(/nothing was done/)
    expect((await sandbox.inspect('job')).claims[0]?.state).toBe('held')
    expect(
      (await sandbox.talk(['evict', 'job', '--token', claim?.token ?? '', '--reason', 'a test', '--yes'], [])).code,
    ).toBe(0)
    expect((await sandbox.inspect('job')).claims[0]?.state).not.toBe('held')
  })
})

describe('run --json', () => {
  it('leaves stdout to the command and tells its own story as documents on stderr', async () => {
    const holder = await hold('job', '')
    const waiter = sandbox.start(['--json', 'run', '--wait', '600ms', 'job', '--', 'echo', 'mine'])
    const { code, stdout, stderr } = await waiter.ended
    expect({ code, stdout }).toEqual({ code: 75, stdout: '' })
    const documents = documentsIn(stderr) as readonly { readonly event: string }[]
    expect(documents.map(({ event }) => event)).toEqual(['waiting', 'error'])
    expect(documents[1]).toMatchObject({ exitCode: 75 })
    holder.kill('SIGTERM')
    await holder.ended
    expect(await sandbox.run(['--json', 'run', 'job', '--', 'echo', 'mine'])).toMatchObject({
      code: 0,
      stdout: 'mine\n',
      stderr: '',
    })
  })
})

describe('text for people', () => {
  it('has no invisible characters and short durations', () => {
    expect(printable('a\u001b[31m\u202eb\u2028é漢')).toBe('a\\x1b[31m\\u{202e}b\\u{2028}é漢')
    expect([0, 999, 1_500, 59_900, 61_000, 3_660_000].map(shortDuration)).toEqual([
      '0ms',
      '999ms',
      '1.5s',
      '59.9s',
      '1m1s',
      '1h1m',
    ])
  })
})
