/**
 * `holdfast partitions` and `holdfast members` as a program sees them: real processes, the built command, a lock file.
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

const PARTITIONS = ['partitions', '--count', '2', '--settle', '100ms', 'orders']
const SCRIPT =
  'trap "echo $HOLDFAST_PARTITION ended >> log; exit 0" TERM; echo began $HOLDFAST_PARTITION; sleep 60 & wait'

it('runs a command for each partition, and the next member gets one when its command has ended', async () => {
  const first = sandbox.start([...PARTITIONS, '--', 'sh', '-c', SCRIPT])
  await first.says(/began 0/)
  await first.says(/began 1/)
  const second = sandbox.start([...PARTITIONS, '--', 'sh', '-c', SCRIPT])
  await second.says(/began 1/)
  expect(sandbox.read('log')).toBe('1 ended\n')
  const shown = await sandbox.run(['partitions', 'orders', '--json'])
  const owners = shown.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { owner: string; token: string })
  expect(new Set(owners.map(({ owner }) => owner)).size).toBe(2)
  expect(owners.every(({ token }) => BigInt(token) > 0n)).toBe(true)
  first.kill('SIGTERM')
  expect((await first.ended).code).toBe(143)
  await second.says(/began 0/)
  expect(sandbox.read('log').split('\n').toSorted()).toEqual(['', '0 ended', '1 ended'])
  second.kill('SIGTERM')
  expect((await second.ended).code).toBe(143)
})

it('ends with the exit code of a command that failed, when the others have ended', async () => {
  const script =
    'if [ $HOLDFAST_PARTITION = 1 ]; then exit 7; fi; trap "echo ended >> log; exit 0" TERM; sleep 60 & wait'
  expect((await sandbox.run([...PARTITIONS, '--', 'sh', '-c', script])).code).toBe(7)
})

it('says that there is nobody, and tells bad use with the way out', async () => {
  expect(await sandbox.run(['partitions', 'orders'])).toMatchObject({ code: 0, stdout: 'there is no assignment\n' })
  expect(await sandbox.run(['members', 'nodes'])).toMatchObject({ code: 0, stdout: 'there is no member\n' })
  const refused = async (args: readonly string[], words: RegExp) =>
    expect(await sandbox.run(['partitions', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(words) })
  await refused(['orders', '--', 'true'], /--count must be a whole number, which is needed/)
  await refused(['--count', 'many', 'orders', '--', 'true'], /got "many"/)
  await refused(['--count', '0', 'orders', '--', 'true'], /count must be a whole number from 1/)
})
