/**
 * `holdfast hold` as a script uses it: until TERM, until the script ends, or until the lock is lost.
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Running, Sandbox, until } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

/** A script with its own descriptors; `stdin` is a pipe that the test holds open. */
function script(text: string): Running {
  return new Running(
    spawn('sh', ['-c', text], { cwd: sandbox.folder, env: { ...process.env, ...sandbox.environment }, stdio: 'pipe' }),
  )
}

async function heldNames(): Promise<readonly string[]> {
  const { stdout } = await sandbox.run(['ls', '--json'])
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { readonly name: string }).name)
}

const START = 'mkfifo held; $CLI hold job > held & pid=$!; read -r token sequencer < held || { wait $pid; exit; };'

describe('a lock that is held for a script', () => {
  it('is held from the line with its token to TERM, which gives it back', async () => {
    const { stdout, code } = await script(`${START} echo "$token|$sequencer"
      kill -INT $pid; $CLI check "$sequencer"; kill $pid; wait $pid; echo "ended $?"; $CLI check "$sequencer"`).ended
    expect(stdout).toMatch(/^(\d+)\|default\/job\/exclusive\/\1\nlive\nended 0\ngone\n$/)
    expect(code).toBe(1)
  })

  it('is given back when the script ends, however that is', async () => {
    const running = script(`${START} echo up; sleep 60 & wait`)
    await running.says(/up/)
    expect(await heldNames()).toEqual(['job'])
    running.kill('SIGKILL')
    const waiter = await sandbox.run(['run', '--wait', '5s', 'job', '--', 'true'])
    expect(waiter.code).toBe(0)
    running.process.stdout?.destroy()
    running.process.stderr?.destroy()
  })

  it('is given back at the end of a pipe at stdin, and shown by a file as long as it is held', async () => {
    writeFileSync(sandbox.path('ready'), 'of an earlier holder\n')
    const running = script('exec $CLI hold --ready-file ready --json -n a -n b')
    await running.says(/"name":"b"/)
    const documents = running.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>)
    expect(documents).toMatchObject([
      { namespace: 'default', name: 'a' },
      { namespace: 'default', name: 'b' },
    ])
    expect(sandbox.read('ready')).toBe(documents.map(({ token, sequencer }) => `${token} ${sequencer}\n`).join(''))
    running.process.stdin?.end()
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(sandbox.path('ready'))).toBe(false)
    expect(await heldNames()).toEqual([])
  })

  it('that is busy is exit code 75, with nothing printed and no file, also not of an earlier holder', async () => {
    const holder = sandbox.start(['hold', 'job'])
    await holder.says(/job/)
    const refused = await sandbox.run(['hold', '--no-wait', '--ready-file', 'ready', 'job'])
    expect(refused).toMatchObject({
      code: 75,
      stdout: '',
      stderr: expect.stringMatching(/^holdfast: "job" is busy; held/),
    })
    writeFileSync(sandbox.path('ready'), 'of an earlier holder\n')
    const waiter = sandbox.start(['hold', '--ready-file', 'ready', 'job'])
    await waiter.says(/waiting for "job"/)
    expect(existsSync(sandbox.path('ready'))).toBe(false)
    waiter.kill('SIGINT')
    expect(await waiter.ended).toMatchObject({ code: 130, stdout: '' })
    holder.kill('SIGTERM')
    expect((await holder.ended).code).toBe(0)
    const nowhere = await sandbox.run(['hold', '--ready-file', 'no/such/ready', 'job'])
    expect(nowhere).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--ready-file "no\/such\/ready" cannot be/),
    })
  })

  it('and is lost is exit code 76, although nobody reads what it printed any more', async () => {
    const running = script(`${START} echo up; wait $pid; echo "ended $?"`)
    await running.says(/up/)
    const { lastToken } = await sandbox.inspect('job')
    expect((await sandbox.run(['evict', 'job', '--token', lastToken, '--reason', 'a test'])).code).toBe(0)
    await until('the end of the holder', () => running.stdout.includes('ended'))
    expect((await running.ended).stdout).toBe('up\nended 76\n')
    expect(running.stderr).toMatch(/^holdfast: .*a test.*\n$/)
  })
})
