/**
 * `holdfast slot` as a program sees it: real processes, the built command, a lock file.
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

it('gives each command a number of its own, passes its exit code on, and waits while all are held', async () => {
  const args = ['slot', '--count', '2', 'workers', '--', 'sh', '-c']
  const held = [1, 2].map(() => sandbox.start([...args, 'echo slot $HOLDFAST_SLOT; exec sleep 60']))
  for (const each of held) await each.says(/slot \d/)
  expect(held.map(({ stdout }) => stdout.trim()).toSorted()).toEqual(['slot 0', 'slot 1'])
  const late = await sandbox.run(['slot', '--wait', '300ms', ...args.slice(1), 'true'])
  expect(late).toMatchObject({ code: 75, stdout: '' })
  for (const each of held) each.kill('SIGTERM')
  for (const each of held) expect((await each.ended).code).toBe(143)
  expect(await sandbox.run(['slot', '--prefer', '1', ...args.slice(1), 'exit $((5 + HOLDFAST_SLOT))'])).toMatchObject({
    code: 6,
  })
})

it('stops the command of a number that was taken away before another one has it, and says so', async () => {
  const args = ['slot', '--count', '1', 'workers', '--', 'sh', '-c']
  const script =
    'trap "sleep 0.5; echo first ended >> log; exit 0" TERM; echo token $HOLDFAST_TOKEN; sleep 60 & wait; wait'
  const first = sandbox.start([...args, script])
  const [, token = ''] = await first.says(/token (\d+)/)
  const next = sandbox.start([...args, 'echo next began >> log'])
  const evict = ['evict', 'slots:workers:0', '--token', token, '--reason', 'a test', '--yes']
  expect((await sandbox.run(evict)).code).toBe(0)
  expect((await first.ended).code).toBe(76)
  expect((await next.ended).code).toBe(0)
  expect(sandbox.read('log')).toBe('first ended\nnext began\n')
})

it('tells bad use with the way out', async () => {
  const refused = async (args: readonly string[], words: RegExp) =>
    expect(await sandbox.run(['slot', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(words) })
  await refused(['workers', '--', 'true'], /--count is needed/)
  await refused(['--count', 'many', 'workers', '--', 'true'], /--count must be a whole number, got "many"/)
  await refused(['--count', '0', 'workers', '--', 'true'], /count must be a whole number from 1/)
  await refused(['--count', '2', '--prefer', '2', 'workers', '--', 'true'], /prefer/)
  await refused(['--count', '2', 'workers'], /a command is needed/)
})
