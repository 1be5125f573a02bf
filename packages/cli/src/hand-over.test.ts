/**
 * `holdfast acquire`, `run --adopt` and `release` as a pipeline sees them: real processes, the built command, a lock file.
 * @module-tag real-time
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Sandbox } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

async function acquired(): Promise<string> {
  const { code, stdout } = await sandbox.run(['acquire', 'deploy', '--within', '1m'])
  expect(code).toBe(0)
  return stdout.trim()
}

it('keeps a lock over the commands of a pipeline under one token, although the process that took it has ended', async () => {
  const text = await acquired()
  const environment = { HOLDFAST_HANDOVER: text }
  expect((await sandbox.run(['run', '--no-wait', 'deploy', '--', 'true'])).code).toBe(75)
  const script = 'echo "token $HOLDFAST_TOKEN, text <$HOLDFAST_HANDOVER>"; exit 3'
  const steps = [1, 2].map(() => ['run', '--adopt', 'deploy', '--', 'sh', '-c', script])
  for (const step of steps) {
    const { code, stdout, stderr } = await sandbox.run(step, environment)
    expect({ code, stdout }).toEqual({ code: 3, stdout: `token ${text.split('/')[4]}, text <>\n` })
    expect(stderr).not.toContain(text)
    expect((await sandbox.run(['run', '--no-wait', 'deploy', '--', 'true'])).code).toBe(75)
  }
  expect((await sandbox.run(['release'], environment)).code).toBe(0)
  expect((await sandbox.run(['run', '--no-wait', 'deploy', '--', 'true'])).code).toBe(0)
  const late = await sandbox.run(['release'], environment)
  expect(late).toMatchObject({ code: 76, stderr: expect.stringMatching(/had ended before it was adopted/) })
})

it('lets one command at a time go on', async () => {
  const environment = { HOLDFAST_HANDOVER: await acquired() }
  const args = ['run', '--adopt', 'deploy', '--', 'sh', '-c', 'echo began; exec sleep 60']
  const first = sandbox.start(args, environment)
  await first.says(/began/)
  const second = await sandbox.run(args, environment)
  expect(second).toMatchObject({ code: 75, stdout: '', stderr: expect.stringMatching(/another process goes on with/) })
  first.kill('SIGTERM')
  expect((await first.ended).code).toBe(143)
  expect((await sandbox.run(['release'], environment)).code).toBe(0)
})

it('writes the text to a file for its owner alone, and reads it from there', async () => {
  const path = join(sandbox.folder, 'handover')
  expect(await sandbox.run(['acquire', 'deploy', '--output', path])).toMatchObject({ code: 0, stdout: '' })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(readFileSync(path, 'utf8')).toMatch(/^holdfast-handover:1\/\S+\n$/)
  expect((await sandbox.run(['run', '--adopt', '--handover-file', path, 'deploy', '--', 'true'])).code).toBe(0)
  expect((await sandbox.run(['release', '--handover-file', path])).code).toBe(0)
})

it('tells bad use with the way out', async () => {
  const refused = async (args: readonly string[], words: RegExp, environment = {}) =>
    expect(await sandbox.run(args, environment)).toMatchObject({ code: 2, stderr: expect.stringMatching(words) })
  await refused(['release'], /HOLDFAST_HANDOVER, or --handover-file PATH/)
  await refused(['release'], /no text of handOver/, { HOLDFAST_HANDOVER: 'sesame' })
  await refused(['run', '--adopt', '--wait', '1s', 'deploy', '--', 'true'], /--wait says how a lock is taken/)
  const environment = { HOLDFAST_HANDOVER: await acquired() }
  await refused(['run', '--adopt', 'other', '--', 'true'], /that was handed over is "deploy"/, environment)
  expect((await sandbox.run(['release'], environment)).code).toBe(0)
})
