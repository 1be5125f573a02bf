/**
 * `holdfast run` with more than one lock: several names, all or nothing, and permits of one name.
 * @module-tag real-time
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Running, Sandbox } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

async function holding(...options: readonly string[]): Promise<Running> {
  const holder = sandbox.start(['run', ...options, '--', 'sh', '-c', 'echo up; exec sleep 60'])
  await holder.says(/up/)
  return holder
}

async function ended(holder: Running): Promise<number | null> {
  holder.kill('SIGTERM')
  return (await holder.ended).code
}

describe('a run of several names', () => {
  it('tells its command each of them with its sequencer, and no single token', async () => {
    const script =
      'echo "$HOLDFAST_NAMES|$HOLDFAST_SEQUENCERS|$HOLDFAST_NAME$HOLDFAST_TOKEN$HOLDFAST_SEQUENCER|"; $CLI check'
    const inner = ['run', '--name', 'seat 2', '-n', 'seat 1', '--', 'sh', '-c', script]
    const { code, stdout } = await sandbox.run(['run', 'outer', '--', 'sh', '-c', `$CLI "$@"`, 'sh', ...inner])
    expect(code).toBe(0)
    const [names, sequencers, single, check] = stdout.trim().split('|')
    expect([names, single]).toEqual(['["seat 2","seat 1"]', ''])
    expect(JSON.parse(sequencers ?? '')).toEqual([
      expect.stringMatching(/^default\/seat@202\/exclusive\/\d+$/),
      expect.stringMatching(/^default\/seat@201\/exclusive\/\d+$/),
    ])
    expect(check?.trim()).toBe('live')
  })

  it('has all of them or none, and names the one that is busy', async () => {
    const holder = await holding('b')
    const refused = await sandbox.run(['run', '-n', 'a', '-n', 'b', '-n', 'c', '--no-wait', '--', 'touch', 'ran'])
    expect(refused).toMatchObject({ code: 75, stdout: '' })
    expect(refused.stderr).toMatch(/^holdfast: "b" is busy; held by \S+, token \d+\n$/)
    const late = await sandbox.run(['run', '-n', 'a', '-n', 'b', '--wait', '500ms', '--', 'touch', 'ran'])
    expect(late.code).toBe(75)
    expect(late.stderr).toMatch(/waiting for "b", held by \S+, token \d+\n.*"b" did not become free within 500ms; held/)
    expect((await sandbox.run(['ls'])).stdout.trim().split('\n')).toHaveLength(2)
    expect(sandbox.read('ran')).toBe('')
    const waiter = sandbox.start(['--json', 'run', '-n', 'a', '-n', 'b', '--', 'touch', 'ran'])
    await waiter.says(/"event":"waiting","name":"b"/)
    expect(await ended(holder)).toBe(143)
    expect((await waiter.ended).code).toBe(0)
  })

  it('loses all with one of them: the command is stopped and the others are given back', async () => {
    const holder = sandbox.start(['--json', 'run', '--ttl', '3s', '-n', 'a', '-n', 'b', '--', 'sleep', '60'])
    await vi.waitUntil(async () => (await sandbox.inspect('b')).claims[0]?.state === 'held', { timeout: 10_000 })
    const { lastToken: token } = await sandbox.inspect('b')
    expect((await sandbox.run(['evict', 'b', '--token', token, '--reason', 'a test'])).code).toBe(0)
    const { code, stderr } = await holder.ended
    expect(code).toBe(76)
    expect(JSON.parse(stderr)).toMatchObject({
      event: 'lost',
      name: 'b',
      stopped: true,
      message: expect.stringContaining('a test'),
    })
    expect((await sandbox.inspect('a')).claims).toEqual([])
  })

  it('cannot wait for a lock of a run around it, whichever of its names that is', async () => {
    const inner = '$CLI run --wait 1s -n c -n b -- touch ran'
    const nested = await sandbox.run(['run', '-n', 'a', '-n', 'b', '--', 'sh', '-c', inner])
    expect(nested.code).toBe(2)
    expect(nested.stderr).toMatch(/a run around this one holds "b" already/)
    expect(sandbox.read('ran')).toBe('')
  })
})

describe('a run with permits', () => {
  it('is one of so many at a time, and takes more than one where it says so', async () => {
    const holders = [await holding('--permits', '3', 'encoders'), await holding('--permits', '3', 'encoders')]
    const two = await sandbox.run(['run', '--permits', '3', '--take', '2', '--no-wait', 'encoders', '--', 'true'])
    expect(two.code).toBe(75)
    expect(two.stderr).toMatch(/"encoders" is busy; held by \S+, token \d+ and 1 more/)
    const third = await sandbox.run([
      'run',
      '--permits',
      '3',
      '--no-wait',
      'encoders',
      '--',
      'printenv',
      'HOLDFAST_SEQUENCER',
    ])
    expect(third).toMatchObject({ code: 0, stdout: expect.stringMatching(/^default\/encoders\/permit\/\d+\n$/) })
    const other = await sandbox.run(['run', '--permits', '4', '--no-wait', 'encoders', '--', 'true'])
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/^holdfast: [^\n]*"encoders"[^\n]*\n$/)
    for (const holder of holders) expect(await ended(holder)).toBe(143)
  })
})
