/**
 * `holdfast cron`, `tick` and `history` as a program sees them: real processes, the built command, a lock file.
 * @module-tag real-time
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Sandbox, until } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

const linesOf = (text: string): string[] => text.trim().split('\n')

describe('cron', () => {
  it('runs the command once for each tick on one of two machines, until a signal, and leaves a history', async () => {
    const args = ['cron', '* * * * * *', 'job', '--at-most-for', '10s', '--ttl', '3s', '--', 'sh', '-c']
    const script = 'echo $HOLDFAST_TICK $HOLDFAST_TOKEN >> log; test $(wc -l < log) -ne 2'
    const machines = ['one', 'two'].map(() => sandbox.start([...args, script]))
    await until('three runs', () => linesOf(sandbox.read('log')).length >= 3)
    for (const machine of machines) machine.kill('SIGTERM')
    for (const machine of machines) {
      const { code, stderr } = await machine.ended
      expect([code, stderr]).toEqual([143, expect.stringMatching(/no longer runs "job": SIGTERM/)])
    }
    const ticks = linesOf(sandbox.read('log')).map((line) => line.split(' ')[0])
    expect(ticks).toEqual([...new Set(ticks)])
    const { stdout } = await sandbox.run(['history', 'job', '--json'])
    const runs = linesOf(stdout).map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(runs.map(({ tick }) => tick)).toEqual(ticks.toReversed())
    expect(runs.find(({ tick }) => tick === ticks[1])).toMatchObject({ outcome: 'threw', error: 'exit code 1' })
    expect((await sandbox.run(['history', 'job'])).stdout).toMatch(/^TICK +OUTCOME +TOOK +OWNER +ERROR\n/)
  })

  it('sends TERM to a run that takes too long', async () => {
    const script = 'trap "echo stopped >> log; exit 0" TERM; sleep 60 & wait'
    const machine = sandbox.start(['cron', '* * * * * *', 'job', '--at-most-for', '1s', '--', 'sh', '-c', script])
    await machine.says(/ran "job" for .*Z: overran, /)
    expect(sandbox.read('log')).toBe('stopped\n')
  })
})

describe('tick', () => {
  it('runs the command on one machine, with its exit code, and is silent on the others and out of time', async () => {
    const tickAt = (at: Date, name: string, script: string) => {
      const schedule = `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`
      return sandbox.run(['tick', '--schedule', schedule, '--at-most-for', '1m', name, '--', 'sh', '-c', script])
    }
    const now = new Date()
    expect((await tickAt(now, 'now', 'echo $HOLDFAST_TICK >> ticks; exit 7')).code).toBe(7)
    expect(await tickAt(now, 'now', 'echo again >> ticks')).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(sandbox.read('ticks')).toMatch(/^\S+:00\.000Z\n$/)
    const hourAgo = new Date(now.getTime() - 60 * 60_000)
    expect(await tickAt(hourAgo, 'past', 'echo past >> ticks')).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(linesOf(sandbox.read('ticks'))).toHaveLength(1)
  })
})

describe('bad use', () => {
  it('is told with the way out', async () => {
    const refused = async (args: readonly string[], words: RegExp) =>
      expect(await sandbox.run(args)).toMatchObject({ code: 2, stderr: expect.stringMatching(words) })
    await refused(['cron', '* * * * *', 'job', '--', 'true'], /--at-most-for is needed/)
    await refused(['cron', '* * * * *', 'job', '--at-most-for', '1m'], /a command is needed/)
    await refused(['cron', 'noon', 'job', '--at-most-for', '1m', '--', 'true'], /schedule "noon" in "UTC"/)
    await refused(
      ['cron', '* * * * *', 'job', '--at-most-for', '1m', '--catch-up', 'x', '--', 'true'],
      /none, last or all/,
    )
    await refused(['tick', 'job', '--at-most-for', '1m', '--', 'true'], /tick needs --schedule/)
    await refused(['--store', 'etcd://127.0.0.1:1', 'history', 'job', '--', 'true'], /takes no command/)
  })
})
