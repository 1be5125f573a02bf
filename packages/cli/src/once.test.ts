/**
 * `holdfast once` as a program sees it: real processes, the built command, a lock file.
 * @module-tag real-time
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Sandbox } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

let sandbox: Sandbox
beforeEach(() => {
  sandbox = new Sandbox()
})
afterEach(() => sandbox.close())

const linesOf = (text: string): string[] => text.trim().split('\n')
const once = (...args: readonly string[]) => sandbox.run(['once', '--ttl', '2s', ...args])

it('runs a command to its success once, on whichever machine, and is silent from then on', async () => {
  const args = ['--interrupted', 'refuse', 'deploy-7', '--', 'sh', '-c']
  const script = 'echo $HOLDFAST_ATTEMPT $HOLDFAST_TOKEN >> log; test -e ready || { touch ready; exit 9; }'
  expect(await once(...args, script)).toMatchObject({ code: 9 })
  const both = await Promise.all([once(...args, script), once(...args, script)])
  expect(both.map(({ code, stderr }) => ({ code, stderr }))).toEqual([
    { code: 0, stderr: '' },
    { code: 0, stderr: '' },
  ])
  expect(linesOf(sandbox.read('log')).map((line) => line.split(' ')[0])).toEqual(['1', '2'])
  expect((await once('--interrupted', 'run-again', 'deploy-8', '--', 'true')).code).toBe(0)
})

it('refuses a command that was killed in the middle until its outcome is settled', async () => {
  const args = ['--interrupted', 'refuse', 'invoices', '--', 'sh', '-c']
  const machine = sandbox.start(['once', '--ttl', '2s', ...args, 'echo up; exec sleep 60'])
  await machine.says(/up/)
  machine.kill('SIGKILL')
  await machine.ended
  const refused = await once(...args, 'echo again >> log')
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(/"invoices" was begun at .* and never finished: look what it did, then: holdfast once/)
  expect((await once('invoices', '--settle', 'nothing-happened')).code).toBe(0)
  expect(await once('invoices', '--settle', 'done')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/nothing to settle/),
  })
  expect((await once(...args, 'echo $HOLDFAST_ATTEMPT >> log')).code).toBe(0)
  expect(sandbox.read('log')).toBe('2\n')
})

it('tells bad use with the way out', async () => {
  const refused = async (args: readonly string[], words: RegExp) =>
    expect(await sandbox.run(['once', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(words) })
  await refused(['job', '--', 'true'], /--interrupted is needed: run-again .* refuse/)
  await refused(['--interrupted', 'never', 'job', '--', 'true'], /--interrupted is needed/)
  await refused(['--interrupted', 'refuse', 'job'], /a command is needed/)
  await refused(['job', '--settle', 'perhaps'], /--settle must be done or nothing-happened/)
  await refused(['--interrupted', 'refuse', '--keep', '1s', 'job', '--', 'true'], /--keep/)
})
