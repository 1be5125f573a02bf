/**
 * `holdfast elect` as a program sees it: real processes, the built command, a lock file.
 * @module-tag real-time
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Sandbox, until } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const LEAD = 'echo $WHO begins $HOLDFAST_TOKEN >> log; trap "echo $WHO ends >> log; exit 0" TERM; sleep 60 & wait'

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

const lead = (who: string) =>
  sandbox.start(['elect', '--ttl', '2s', '--announce', who, 'job', '--', 'sh', '-c', LEAD], { WHO: who })
const begins = (who: string) => until(`${who} leads`, () => sandbox.read('log').includes(`${who} begins`))

describe('the one that leads', () => {
  it('runs the command, the others stand by, and the next one begins after the command has ended', async () => {
    const one = lead('one')
    await begins('one')
    const two = lead('two')
    await until('two stands by', () => sandbox.read('log') !== '' && two.pid > 0)
    expect(sandbox.read('log')).not.toContain('two')
    one.kill('SIGTERM')
    expect((await one.ended).code).toBe(0)
    await begins('two')
    const lines = sandbox.read('log').trim().split('\n')
    expect(lines.map((line) => line.replace(/ \d+$/, ''))).toEqual(['one begins', 'one ends', 'two begins'])
    const tokens = sandbox.read('log').match(/\d+/g)?.map(BigInt) ?? []
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)))
  })

  it('is stopped when it is evicted, stands again, and ends with the code of its command', async () => {
    const one = lead('one')
    await begins('one')
    const [, token = ''] = sandbox.read('log').match(/begins (\d+)/) ?? []
    await sandbox.run(['evict', 'election:job', '--token', token, '--reason', 'a test', '--yes'])
    await until('one leads again', () => (sandbox.read('log').match(/begins/g) ?? []).length === 2)
    expect(sandbox.read('log').replaceAll(/ \d+/g, '')).toBe('one begins\none ends\none begins\n')
    one.kill('SIGTERM')
    const { code, stderr } = await one.ended
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /leads "job", token \d+\n.*\n?.*leads no longer "job", token \d+\n.*leads "job", token \d+\n/,
    )
    expect((await sandbox.run(['elect', 'job', '--', 'sh', '-c', 'exit 7'])).code).toBe(7)
  })
})

describe('one that stands by', () => {
  it('ends at a signal and leaves nothing behind', async () => {
    lead('one')
    await begins('one')
    const two = lead('two')
    await until('two waits', () => two.pid > 0)
    while ((await sandbox.inspect('election:job')).claims.length < 2) await Promise.resolve()
    two.kill('SIGINT')
    expect(await two.ended).toMatchObject({ code: 130, stdout: '' })
    expect((await sandbox.inspect('election:job')).claims).toHaveLength(1)
  })
})

describe('one that listens', () => {
  it('prints who leads and every change, for people and as JSON, until a signal ends it', async () => {
    const people = sandbox.start(['elect', '--listen', 'job'])
    const programs = sandbox.start(['elect', '--listen', '--json', 'job'])
    await Promise.all([people.says(/nobody leads/), programs.says(/"owner":null/)])
    const one = lead('http://one')
    await Promise.all([
      people.says(/\(http:\/\/one\) leads, token \d+/),
      programs.says(/"announcement":"http:\/\/one"/),
    ])
    one.kill('SIGTERM')
    await people.says(/nobody leads\n.*leads.*\nnobody leads/)
    people.kill('SIGTERM')
    expect((await people.ended).code).toBe(143)
  })
})

describe('bad use', () => {
  it('is told with the way out', async () => {
    expect(await sandbox.run(['elect', 'job'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/elect needs a command/),
    })
    expect(await sandbox.run(['elect', '--listen', 'job', '--', 'true'])).toMatchObject({ code: 2 })
    expect((await sandbox.run(['elect', 'job', '--', 'no-such-command'])).code).toBe(127)
  })
})
