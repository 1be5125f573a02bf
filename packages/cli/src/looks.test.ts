/**
 * Commands that only look change nothing, wherever they run: not the lock file, not what lies beside it, and no run.
 * @module-tag real-time
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Sandbox, until } from './fixture.ts'

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))
const LOOKS = ['ls', 'ls --json', 'inspect job', 'inspect nobody', 'doctor --facts-only'].map((line) => line.split(' '))

function sandboxOfTest(): Sandbox {
  const sandbox = new Sandbox()
  onTestFinished(() => sandbox.close())
  return sandbox
}

/** What can be seen of everything in a folder. */
function traces(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { ino, size, mode, mtimeMs } = lstatSync(join(folder, name))
    const digest = createHash('sha256')
    if (lstatSync(join(folder, name)).isFile()) digest.update(readFileSync(join(folder, name)))
    return [name, ino, size, mode, mtimeMs, digest.digest('hex')].join(' ')
  })
}

/** A run in the background that holds `job` until it is told to end. */
async function heldJob(sandbox: Sandbox) {
  const run = sandbox.start([
    'run',
    '--ttl',
    '2s',
    'job',
    '--',
    'sh',
    '-c',
    'echo started; while [ ! -e end ]; do sleep 0.05; done; echo DONE',
  ])
  await run.says(/started/)
  const end = async (): Promise<unknown> => {
    writeFileSync(sandbox.path('end'), '')
    const { code, stdout } = await run.ended
    return { code, isDone: stdout.includes('DONE') }
  }
  return { run, end }
}

/** Runs the command in a mount namespace of its own with another boot id; `undefined` where that is not allowed. */
function inContainer(sandbox: Sandbox, args: readonly string[], before: readonly string[] = []) {
  const place = mkdtempSync(join(tmpdir(), 'holdfast-cli-boot-'))
  onTestFinished(() => rmSync(place, { recursive: true }))
  const bootId = join(place, 'boot_id')
  writeFileSync(bootId, '01234567-0002-4000-8000-000000000000\n')
  const container = ['--mount', '--pid', '--fork', '--mount-proc', 'sh', '-c']
  const bind = `mount --bind ${bootId} /proc/sys/kernel/random/boot_id`
  if (spawnSync('unshare', [...container, bind]).status !== 0) return undefined
  return spawnSync('unshare', [...container, `${bind} && exec "$@"`, 'sh', ...before, process.execPath, bin, ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: sandbox.folder, HOLDFAST_STORE: sandbox.store },
  })
}

describe('commands that only look', () => {
  it('make no file where there is none', async () => {
    const sandbox = sandboxOfTest()
    for (const args of LOOKS) expect([0, 1]).toContain((await sandbox.run(args)).code)
    expect(readdirSync(sandbox.folder)).toEqual([])
  })

  it('leave everything as it was, after a run and after one that was killed', async () => {
    const sandbox = sandboxOfTest()
    await sandbox.run(['run', 'job', '--', 'true'])
    const { run } = await heldJob(sandbox)
    run.kill('SIGKILL')
    await run.ended
    const before = traces(sandbox.folder)
    for (const args of LOOKS) await sandbox.run(args)
    expect(traces(sandbox.folder)).toEqual(before)
  })

  it('end no run, although they see a boot id of their own', async ({ skip }) => {
    const sandbox = sandboxOfTest()
    const { end } = await heldJob(sandbox)
    for (const args of LOOKS) {
      const looked = inContainer(sandbox, args)
      if (looked === undefined) return skip('this machine does not let this user make a container')
      expect([0, 1]).toContain(looked.status)
      if (args[0] === 'ls') expect(looked.stdout).toContain('job')
    }
    // Long enough to enter itself as an observer.
    const watched = inContainer(sandbox, ['watch', '--json'], ['timeout', '-s', 'INT', '5'])
    expect(watched?.stdout).toMatch(/"event":"held".*"name":"job"/)
    const second = await sandbox.run(['run', '--no-wait', 'job', '--', 'echo', 'SECOND'])
    expect(second).toMatchObject({ code: 75, stdout: '' })
    expect(await end()).toEqual({ code: 0, isDone: true })
  })
})

describe('a run in a container with a boot id of its own', () => {
  it('finds the lock of the host busy, takes another one beside it, and ends nothing', async ({ skip }) => {
    const sandbox = sandboxOfTest()
    const { end } = await heldJob(sandbox)
    const busy = inContainer(sandbox, ['run', '--no-wait', 'job', '--', 'echo', 'SECOND'])
    if (busy === undefined) return skip('this machine does not let this user make a container')
    expect(busy).toMatchObject({ status: 75, stdout: '' })
    expect(inContainer(sandbox, ['run', '--no-wait', 'other', '--', 'echo', 'BESIDE'])).toMatchObject({
      status: 0,
      stdout: 'BESIDE\n',
    })
    // Long enough for the host to renew, and to learn of it if its lock had been taken away.
    const startedMs = performance.now()
    await until('more than a ttl has passed', () => performance.now() - startedMs > 2_500)
    expect((await sandbox.inspect('job')).claims).toHaveLength(1)
    expect(await end()).toEqual({ code: 0, isDone: true })
    expect(inContainer(sandbox, ['run', '--no-wait', 'job', '--', 'echo', 'FREE'])).toMatchObject({ stdout: 'FREE\n' })
  })
})
