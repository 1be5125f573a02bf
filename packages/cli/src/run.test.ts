/**
 * `holdfast run` as a program sees it: real processes, the built command, a lock file.
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { requireAbility, requireRoot } from '@holdfast/testbed/os/rights'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isRunning, Running, Sandbox } from './fixture.ts'

const cli = `${process.execPath} ${fileURLToPath(new URL('../dist/bin.js', import.meta.url))}`

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

describe('two runs of one name', () => {
  it('hold the lock one after the other, in the order of their tokens', async () => {
    const script = 'echo start $HOLDFAST_TOKEN >> log; sleep 0.1; echo end $HOLDFAST_TOKEN >> log'
    const ends = await Promise.all([1, 2, 3].map(() => sandbox.run(['run', 'job', '--', 'sh', '-c', script])))
    expect(ends.map(({ code, stderr }) => ({ code, errors: stderr.replaceAll(/.*waiting for.*\n/g, '') }))).toEqual(
      [1, 2, 3].map(() => ({ code: 0, errors: '' })),
    )
    const lines = sandbox.read('log').trim().split('\n')
    const tokens = lines.filter((line) => line.startsWith('start')).map((line) => BigInt(line.slice('start '.length)))
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(new Set(tokens).size).toBe(3)
    expect(lines).toEqual(tokens.flatMap((token) => [`start ${token}`, `end ${token}`]))
  })

  it('end at once with the conflict code when the second does not wait', async () => {
    const holder = sandbox.start(['run', '--note', 'the first', 'job', '--', 'sh', '-c', 'echo up; sleep 60'])
    await holder.says(/up/)
    const refused = await sandbox.run(['run', '--no-wait', 'job', '--', 'touch', 'ran'])
    expect(refused).toMatchObject({ code: 75, stdout: '' })
    expect(refused.stderr).toMatch(/^holdfast: "job" is busy; held by \S+ \(the first\), token \d+\n$/)
    const quiet = await sandbox.run(['run', '--no-wait', '--conflict-exit-code', '0', 'job', '--', 'touch', 'ran'])
    expect(quiet.code).toBe(0)
    const late = await sandbox.run(['run', '--wait', '200ms', 'job', '--', 'touch', 'ran'])
    expect(late.code).toBe(75)
    expect(late.stderr).toMatch(/"job" did not become free within 200ms; held by/)
    expect((await sandbox.inspect('job')).claims).toHaveLength(1)
    holder.kill('SIGTERM')
    expect((await holder.ended).code).toBe(143)
  })

  it('may read together, and keep a writer out', async () => {
    const reader = sandbox.start(['run', '--shared', 'book', '--', 'sh', '-c', 'echo up; sleep 60'])
    await reader.says(/up/)
    expect((await sandbox.run(['run', '--shared', '--no-wait', 'book', '--', 'true'])).code).toBe(0)
    expect((await sandbox.run(['run', '--exclusive', '--no-wait', 'book', '--', 'true'])).code).toBe(75)
    const other = await sandbox.run(['run', '--no-wait', 'book', '--', 'true'])
    expect(other.code).toBe(2)
    expect(other.stderr).toMatch(/one name has one kind of lock/)
    reader.kill('SIGINT')
    expect((await reader.ended).code).toBe(130)
  })
})

describe('the exit code', () => {
  it("is the command's own, and 128 and the signal's number when a signal ended it", async () => {
    expect((await sandbox.run(['run', 'job', '--', 'sh', '-c', 'exit 7'])).code).toBe(7)
    expect((await sandbox.run(['run', 'job', '--', 'sh', '-c', 'kill -ABRT $$'])).code).toBe(134)
    expect((await sandbox.run(['run', 'job', '--', 'true'])).stderr).toBe('')
  })

  it('is that of a shell for a command that is not there or cannot be executed, before any wait', async () => {
    const missing = await sandbox.run(['run', 'job', '--', 'no-such-command'])
    expect(missing).toMatchObject({ code: 127, stderr: 'holdfast: command not found: "no-such-command"\n' })
    const folder = await sandbox.run(['run', 'job', '--', '/'])
    expect(folder.code).toBe(126)
    const text = await sandbox.run(['run', 'job', '--', '/etc/passwd'])
    expect(text).toMatchObject({ code: 126 })
    expect(text.stderr).toMatch(/^holdfast: "\/etc\/passwd" is not executable/)
  })
})

describe('the search for the command', () => {
  it('passes over folders that this user may not search, as a shell does', async (context) => {
    await requireAbility(context, () => requireRoot('another user'))
    chmodSync(sandbox.folder, 0o777)
    mkdirSync(sandbox.path('secret'), { mode: 0o700 })
    const path = `${sandbox.path('secret')}:/usr/bin:/bin`
    const asNobody = ['--store', `sqlite:${sandbox.path('theirs.db')}`, 'run', 'job', '--', 'sh', '-c', 'echo found']
    const script = `PATH=${path} exec setpriv --reuid=65534 --regid=65534 --clear-groups $CLI "$@"`
    const child = new Running(
      spawn('sh', ['-c', script, 'sh', ...asNobody], { cwd: sandbox.folder, env: { ...process.env, CLI: cli } }),
    )
    expect(await child.ended).toMatchObject({ code: 0, stdout: 'found\n', stderr: '' })
  })
})

describe('the command', () => {
  it('finds the lock in its environment, and its arguments and streams as they were', async () => {
    const script =
      'echo "$HOLDFAST_NAME|$HOLDFAST_NAMESPACE|$HOLDFAST_STORE|$HOLDFAST_SEQUENCER|$HOLDFAST_TOKEN|$1"; echo bad >&2'
    const { stdout, stderr } = await sandbox.run([
      '--namespace',
      'shop',
      'run',
      'seat 1',
      '--',
      'sh',
      '-c',
      script,
      'sh',
      '--wait',
    ])
    const [name, namespace, store, sequencer, token, argument] = stdout.trim().split('|')
    expect([name, namespace, store, argument]).toEqual(['seat 1', 'shop', sandbox.store, '--wait'])
    expect(token).toMatch(/^\d+$/)
    expect(sequencer).toBe(`shop/seat@201/exclusive/${token}`)
    expect(stderr).toBe('bad\n')
  })

  it('has tokens beyond 2^53 exactly, in its environment and wherever they are shown', async () => {
    await sandbox.run(['run', 'earlier', '--', 'true'])
    const database = new DatabaseSync(sandbox.path('locks.db'))
    database.exec(`UPDATE file SET floor = ${2n ** 53n}, ceiling = ${2n ** 53n + 1_000_000_000n}`)
    database.close()
    const token = String(2n ** 53n + 1n)
    const holder = sandbox.start(['run', 'job', '--', 'sh', '-c', 'echo token $HOLDFAST_TOKEN.; sleep 60'])
    await holder.says(new RegExp(`token ${token}\\.`))
    expect((await sandbox.inspect('job')).claims).toMatchObject([{ token }])
    expect((await sandbox.run(['ls'])).stdout).toContain(token)
    const rounded = await sandbox.run(['evict', 'job', '--token', String(2n ** 53n), '--reason', 'rounded'])
    expect(rounded.code).toBe(1)
    expect((await sandbox.run(['evict', 'job', '--token', token, '--reason', 'exact'])).code).toBe(0)
  })

  it('shows the inner token to a run inside a run of another name', async () => {
    const inner = '$CLI run inner -- sh -c "echo inner \\$HOLDFAST_NAME \\$HOLDFAST_TOKEN"'
    const { code, stdout } = await sandbox.run([
      'run',
      'outer',
      '--',
      'sh',
      '-c',
      `echo outer $HOLDFAST_TOKEN; ${inner}`,
    ])
    expect(code).toBe(0)
    const [, outerToken] = stdout.match(/^outer (\d+)$/m) ?? []
    const [, innerToken] = stdout.match(/^inner inner (\d+)$/m) ?? []
    expect(BigInt(outerToken ?? 0)).toBeGreaterThan(0n)
    expect(BigInt(innerToken ?? 0)).toBeGreaterThan(0n)
    expect(innerToken).not.toBe(outerToken)
  })

  it('cannot wait for the lock that its own run holds', async () => {
    const nested = await sandbox.run(['run', 'job', '--', 'sh', '-c', '$CLI run between -- $CLI run job -- true'])
    expect(nested.code).toBe(2)
    expect(nested.stderr).toMatch(/a run around this one holds "job" already.*Drop the inner run/)
    expect((await sandbox.run(['run', 'job', '--', 'sh', '-c', '$CLI run --no-wait job -- true'])).code).toBe(75)
  })

  it('may take the lock of an ancestor that has ended', async () => {
    const { stdout } = await sandbox.run(['run', 'job', '--', 'sh', '-c', 'echo "$HOLDFAST_HELD"'])
    const later = await sandbox.run(['run', 'job', '--', 'true'], { HOLDFAST_HELD: stdout.trim() })
    expect(later).toMatchObject({ code: 0, stderr: '' })
  })

  it('gets the signals that the run gets, and so do its own children', async () => {
    const script =
      'sh -c "trap \\"echo child\\" USR1; echo ready; while :; do sleep 0.05; done" & trap "echo parent" USR1; wait; wait; wait'
    const running = sandbox.start(['run', 'job', '--', 'sh', '-c', script])
    await running.says(/ready/)
    running.kill('SIGUSR1')
    await running.says(/parent/)
    await running.says(/child/)
    running.kill('SIGTERM')
    expect((await running.ended).code).toBe(143)
    expect((await sandbox.inspect('job')).claims).toEqual([])
  })

  it('leaves nothing running in its group when it ends', async () => {
    const script = 'sh -c "trap \\"\\" TERM; while :; do sleep 0.05; done" & echo $! > pid'
    const { code, stderr } = await sandbox.run(['run', '--stop-before', '300ms', 'job', '--', 'sh', '-c', script])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const pid = Number(sandbox.read('pid'))
    expect(pid).toBeGreaterThan(1)
    expect(isRunning(pid)).toBe(false)
  })
})

describe('a wait', () => {
  it('says once for whom, and leaves no claim when Ctrl-C ends it', async () => {
    const holder = sandbox.start(['run', 'job', '--', 'sh', '-c', 'echo up; sleep 60'])
    await holder.says(/up/)
    const waiter = sandbox.start(['run', 'job', '--', 'touch', 'ran'])
    await waiter.says(/waiting for "job", held by \S+, token \d+/)
    expect((await sandbox.inspect('job')).claims.map(({ state }) => state)).toEqual(['held', 'waiting'])
    waiter.kill('SIGINT')
    const { code, stderr } = await waiter.ended
    expect(code).toBe(130)
    expect(stderr).toMatch(/stopped waiting for "job": SIGINT\n$/)
    expect((await sandbox.inspect('job')).claims.map(({ state }) => state)).toEqual(['held'])
    expect(sandbox.read('ran')).toBe('')
    holder.kill('SIGTERM')
    await holder.ended
  })
})
