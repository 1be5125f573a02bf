/**
 * The command as one program: it finds no Node and no file beside it, and still guards what it runs.
 *
 * @module-tag real-time
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '@holdfast/testbed/engines/engine'
import * as redisServer from '@holdfast/testbed/engines/redis/server'
import { requireEngine } from '@holdfast/testbed/engines/require-engine'
import { CANNOT_INSTALL } from '../../scripts/binary.mjs'
import { run } from '../support/run.ts'

const SLOW_MS = 120_000

let folder = ''
let binary = ''
let reason: string | undefined
let server: Engine | undefined
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-binary-test-'))
  if (process.platform === 'darwin') {
    reason = 'a program for macOS would have to be signed'
    return
  }
  const { code, output } = await run(process.execPath, ['scripts/binary.mjs', '--to', folder])
  if (code === CANNOT_INSTALL && process.env['CI'] === undefined) reason = 'what makes the program cannot be had'
  else expect(code, output).toBe(0)
  binary = output.trim().split('\n').at(-1) ?? ''
}, SLOW_MS)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server?.stop()
})
beforeEach(({ skip }) => {
  if (reason !== undefined) skip(reason)
})

/** Neither a Node nor a package is found from there. */
const alone = (): NodeJS.ProcessEnv => ({
  PATH: '/usr/bin:/bin',
  HOME: folder,
  HOLDFAST_STORE: `sqlite://${join(folder, 'locks.db')}`,
})

describe('the command as one program', { timeout: SLOW_MS }, () => {
  test('says its version, runs a command under a lock, and ends as that does', async () => {
    expect((await run(binary, ['--version'], { env: alone(), cwd: folder })).output).toBe('0.1.0\n')
    const command = ['run', 'x', '--', 'sh', '-c', 'test -n "$HOLDFAST_TOKEN" && exit 7']
    expect(await run(binary, command, { env: alone(), cwd: folder })).toEqual({ code: 7, output: '' })
  })

  test('brings the drivers along', async (context) => {
    await requireEngine(context, redisServer)
    server = await redisServer.start()
    const { code, output } = await run(binary, ['run', 'x', '--', 'true'], {
      env: { ...alone(), HOLDFAST_STORE: server.url },
      cwd: folder,
    })
    expect(code, output).toBe(0)
  })

  test('ends its command when it is killed itself', async () => {
    const command = ['run', 'x', '--', 'sh', '-c', 'echo started; exec sleep 100']
    const child = spawn(binary, command, { env: alone(), cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'readable')
    child.kill('SIGKILL')
    // The pipe closes when nothing of the command is left that could write to it.
    expect(await text(child.stdout)).toBe('started\n')
  })
})
