/**
 * A Redis of this machine, named by its socket: a run that waits there is told of its turn, over the same socket.
 * @module-tag real-time
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as redis from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Sandbox } from './fixture.ts'

// Only a failing test takes so long.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 })

const folder = mkdtempSync(join(tmpdir(), 'holdfast-'))
const socket = join(folder, 'a socket')
let engine: Engine
let sandbox: Sandbox

beforeEach(async (context) => {
  sandbox = new Sandbox()
  await requireEngine(context, redis)
  engine ??= await redis.start({ aof: 'always', password: 'hunter2', config: { unixsocket: `"${socket}"` } })
})
afterEach(() => sandbox.close())
afterAll(async () => {
  await engine?.close()
  rmSync(folder, { recursive: true })
})

const urlOf = (login: string): string => `redis+unix://${login}${encodeURI(socket)}?db=3`

it('is told apart by its database, wakes a waiter, and says what is wrong without the password', async () => {
  const environment = { HOLDFAST_STORE: urlOf(':hunter2@') }
  const holder = sandbox.start(['hold', 'job'], environment)
  await holder.says(/job/)
  const waiter = sandbox.start(['run', 'job', '--', 'sh', '-c', 'echo "$HOLDFAST_STORE"'], environment)
  await waiter.says(/waiting for "job"/)
  const elsewhere = await sandbox.run(['ls'], { HOLDFAST_STORE: engine.url })
  expect(elsewhere).toMatchObject({ code: 0, stdout: '' })
  holder.kill('SIGTERM')
  expect(await waiter.ended).toMatchObject({ code: 0, stdout: `${environment.HOLDFAST_STORE}\n` })
  const refused = await sandbox.run(['ls'], { HOLDFAST_STORE: urlOf(':hunter3@') })
  expect(refused).toMatchObject({ code: 69, stderr: expect.stringMatching(/WRONGPASS/) })
  expect(refused.stderr).not.toContain('hunter3')
  const away = await sandbox.run(['ls'], { HOLDFAST_STORE: 'redis+unix:///proc/nowhere' })
  expect(away).toMatchObject({ code: 69, stderr: expect.stringMatching(/ENOENT[^\n]*\/proc\/nowhere/) })
})
