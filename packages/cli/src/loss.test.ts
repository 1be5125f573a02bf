/**
 * The promise of `holdfast run` when things go wrong: the command has ended before another claim can hold the lock.
 * @module-tag real-time
 */
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { childrenOf, isRunning, type Running, Sandbox, until } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

/** Ignores TERM, and writes down that it still lives: its pid, then nanoseconds. */
const STUBBORN = 'trap "" TERM; echo $$ > pid; echo up; while :; do date +%s%N >> beats; sleep 0.02; done'

async function startStubborn(ttl: string): Promise<{ readonly run: Running; readonly pid: number }> {
  const run = sandbox.start(['run', '--ttl', ttl, 'job', '--', 'sh', '-c', STUBBORN])
  await until(
    'the command has started',
    () => sandbox.read('beats') !== '',
    () => run.stderr,
  )
  return { run, pid: Number(sandbox.read('pid')) }
}

/** When the next holder's command started, and when the last one gave its last sign of life. */
async function nextHolder(): Promise<{ readonly startedAtNs: bigint; readonly lastBeatAtNs: bigint }> {
  const next = await sandbox.run(['run', 'job', '--', 'date', '+%s%N'])
  expect(next.code).toBe(0)
  return {
    startedAtNs: BigInt(next.stdout.trim()),
    lastBeatAtNs: BigInt(sandbox.read('beats').trim().split('\n').at(-1) ?? 0),
  }
}

describe('the command of a run', () => {
  it('that was killed ends with it, and the lock becomes free', async () => {
    const { run, pid } = await startStubborn('3s')
    run.kill('SIGKILL')
    const { startedAtNs, lastBeatAtNs } = await nextHolder()
    expect(lastBeatAtNs).toBeLessThan(startedAtNs)
    expect(isRunning(pid)).toBe(false)
  })

  it('that was suspended past its lease is dead before the next holder starts', async () => {
    const { run, pid } = await startStubborn('2s')
    run.kill('SIGSTOP')
    const { startedAtNs, lastBeatAtNs } = await nextHolder()
    expect(lastBeatAtNs).toBeLessThan(startedAtNs)
    expect(isRunning(pid)).toBe(false)
    run.kill('SIGCONT')
    const { code, stderr } = await run.ended
    expect(code).toBe(76)
    expect(stderr).toMatch(/The command was stopped/)
  })

  it('dies with its guardian, its own children too, and the run says so and gives the lock back', async () => {
    const script = 'trap "" TERM; sh -c "while :; do sleep 0.05; done" & echo $! > pid; echo up; wait'
    const run = sandbox.start(['run', '--ttl', '30s', 'job', '--', 'sh', '-c', script])
    await run.says(/up/)
    const [guardian] = childrenOf(run.pid)
    process.kill(guardian ?? 0, 'SIGKILL')
    const { code, stderr } = await run.ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/the guardian process ended before the command did/)
    await until('the child is dead', () => !isRunning(Number(sandbox.read('pid'))))
    expect((await sandbox.inspect('job')).claims).toEqual([])
  })

  it('dies with a guardian that was killed before it could say that it had started it', async () => {
    // As on a busy machine: after each start of a process its parent gets no time.
    const slow = `
      import child_process from 'node:child_process'
      import { syncBuiltinESMExports } from 'node:module'
      const { spawn } = child_process
      child_process.spawn = (...all) => {
        const child = spawn(...all)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
        return child
      }
      syncBuiltinESMExports()`
    const environment = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(slow)}` }
    const script = 'sh -c "while :; do sleep 0.05; done" & echo $! > pid; kill -KILL $PPID; wait'
    const run = sandbox.start(['run', '--ttl', '30s', 'job', '--', 'sh', '-c', script], environment)
    expect((await run.ended).stderr).toMatch(/the guardian process ended before the command did/)
    await until('the child is dead', () => !isRunning(Number(sandbox.read('pid'))))
  })

  it('is killed by the run when the guardian is suspended', async () => {
    const { run, pid } = await startStubborn('1s')
    const [guardian] = childrenOf(run.pid)
    process.kill(guardian ?? 0, 'SIGSTOP')
    const [claim] = (await sandbox.inspect('job')).claims
    await sandbox.run(['evict', 'job', '--token', claim?.token ?? '', '--reason', 'the test'])
    expect((await run.ended).code).toBe(76)
    expect(isRunning(pid)).toBe(false)
  })

  it('does not survive a kill of both processes at once', async () => {
    const { run, pid } = await startStubborn('30s')
    const [guardian] = childrenOf(run.pid)
    process.kill(guardian ?? 0, 'SIGSTOP')
    run.kill('SIGKILL')
    process.kill(guardian ?? 0, 'SIGKILL')
    await until('the command is dead', () => !isRunning(pid))
  })
})

describe('a run that cannot renew its lease', () => {
  it('says so and stops its command while the lease still lasts', async () => {
    const script = 'trap "echo stopping; exit 0" TERM; echo up; while :; do sleep 0.05; done'
    const run = sandbox.start(['run', '--ttl', '4s', '--stop-before', '1s', 'job', '--', 'sh', '-c', script])
    await run.says(/up/)
    const database = new DatabaseSync(sandbox.path('locks.db'))
    try {
      // Every other writer finds the file busy.
      database.exec('BEGIN IMMEDIATE')
      await run.says(/stopping/)
      database.exec('ROLLBACK')
    } finally {
      database.close()
    }
    const { code, stderr } = await run.ended
    expect(code).toBe(76)
    expect(stderr).toMatch(/the lease of "job" cannot be renewed and ends in/)
    expect(stderr).toMatch(/The command was stopped/)
  })
})

describe('an eviction', () => {
  it('tells the holder why, stops its command and frees the lock', async () => {
    const script = 'trap "echo stopping; exit 0" TERM; echo up; while :; do sleep 0.05; done'
    const holder = sandbox.start(['run', '--ttl', '3s', 'job', '--', 'sh', '-c', script])
    await holder.says(/up/)
    const [claim] = (await sandbox.inspect('job')).claims
    const wrong = await sandbox.run(['evict', 'job', '--token', '1', '--reason', 'a typo'])
    expect(wrong.code).toBe(1)
    expect(wrong.stderr).toMatch(/token 1 does not hold "job"/)
    const right = await sandbox.run([
      'evict',
      'job',
      '--token',
      claim?.token ?? '',
      '--reason',
      'db3 is being replaced',
      '--json',
    ])
    expect(right.code).toBe(0)
    expect(JSON.parse(right.stdout)).toEqual({
      namespace: 'default',
      name: 'job',
      token: claim?.token,
      outcome: 'evicted',
    })
    const { code, stdout, stderr } = await holder.ended
    expect({ code, stdout }).toEqual({ code: 76, stdout: 'up\nstopping\n' })
    expect(stderr).toMatch(/db3 is being replaced/)
    expect((await sandbox.inspect('job')).claims.filter(({ state }) => state === 'held')).toEqual([])
  })
})
