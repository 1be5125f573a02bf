/**
 * The command on a real MariaDB, named by a URL of either scheme.
 * @module-tag real-time
 */
import { type Engine, mariadb, requireEngine } from '@holdfast/testbed/engines'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { documentsIn, Sandbox } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let sandbox: Sandbox
let engine: Engine | undefined

beforeEach(async (context) => {
  sandbox = new Sandbox()
  await requireEngine(context, mariadb)
  engine = await mariadb.start()
})
afterEach(async () => {
  await sandbox.close()
  await engine?.close()
})

it.each(['mysql', 'mariadb'])('run, ls, inspect and doctor work on %s://', async (scheme) => {
  const url = `${scheme}://root@127.0.0.1:${engine?.port}/locks`
  const call = (...args: readonly string[]): ReturnType<Sandbox['start']> =>
    sandbox.start(args, { HOLDFAST_STORE: url })
  const tokens = [
    await call('run', 'job', '--', 'sh', '-c', 'echo $HOLDFAST_TOKEN').ended,
    await call('run', 'job', '--', 'sh', '-c', 'echo $HOLDFAST_TOKEN').ended,
  ].map(({ code, stdout, stderr }) => {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return BigInt(stdout)
  })
  expect(tokens[1]).toBeGreaterThan(tokens[0] ?? 0n)
  const holder = call('run', '--note', 'night shift', 'job', '--', 'sh', '-c', 'echo up; sleep 60')
  await holder.says(/up/)
  expect(await call('run', '--no-wait', 'job', '--', 'true').ended).toMatchObject({ code: 75 })
  const listed = await call('ls', '--json').ended
  expect(documentsIn(listed.stdout)).toMatchObject([{ name: 'job', claims: [{ state: 'held', note: 'night shift' }] }])
  const { lastToken } = JSON.parse((await call('inspect', 'job', '--json').ended).stdout) as { lastToken: string }
  expect(BigInt(lastToken)).toBeGreaterThan(tokens[1] ?? 0n)
  const next = call('run', '--wait', '40s', 'job', '--', 'echo', 'mine')
  holder.kill('SIGTERM')
  expect(await next.ended).toMatchObject({ code: 0, stdout: 'mine\n' })
  expect((await call('doctor').ended).stdout).toContain('MariaDB')
})

it('the password of a URL is in no output', async () => {
  const url = `mysql://root:s3cret@127.0.0.1:${engine?.port}/locks`
  const { code, stdout, stderr } = await sandbox.start(['ls'], { HOLDFAST_STORE: url }).ended
  expect(code).not.toBe(0)
  expect(stderr).toContain('refused the user or the password')
  expect(stdout + stderr).not.toContain('s3cret')
})
