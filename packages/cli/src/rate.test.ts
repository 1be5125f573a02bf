/**
 * `holdfast rate` as a program sees it: real processes, the built command, a lock file.
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

it('runs the command as often as the limit says, and then says when to come again', async () => {
  const args = ['rate', '--limit', '2', '--per', '1h', 'smtp', '--', 'sh', '-c', 'echo sent; exit 7']
  for (let sent = 0; sent < 2; sent += 1) {
    expect(await sandbox.run(args)).toMatchObject({ code: 7, stdout: 'sent\n' })
  }
  const refused = await sandbox.run(args)
  expect(refused).toMatchObject({ code: 75, stdout: '', stderr: expect.stringMatching(/retry after 3[56]\d{5} ms/) })
  expect((await sandbox.run(['rate', '--limit', '2', '--per', '1h', '--key', 'other', 'smtp'])).code).toBe(0)
})

it('waits for a permit as long as it is told to', async () => {
  const args = ['rate', '--limit', '1', '--per', '1s', '--wait', '10s', 'api', '--', 'true']
  expect((await sandbox.run(args)).code).toBe(0)
  expect((await sandbox.run(args)).code).toBe(0)
})

it('tells bad use with the way out', async () => {
  const refused = async (args: readonly string[], words: RegExp) =>
    expect(await sandbox.run(['rate', ...args])).toMatchObject({ code: 2, stderr: expect.stringMatching(words) })
  await refused(['smtp'], /--per is needed/)
  await refused(['--per', '1m', 'smtp'], /--limit must be a whole number, which is needed/)
  await refused(['--per', '1m', '--limit', '0', 'smtp'], /limit must be a whole number from 1/)
})
