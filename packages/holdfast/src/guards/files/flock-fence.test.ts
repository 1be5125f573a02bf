/**
 * The guard for files by a lock of the operating system.
 * @module-tag real-time
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { which } from '@holdfast/testbed/engines/command'
import { beforeEach, describe, expect, it, onTestFinished, test } from 'vitest'
import type { Fenced, Mode } from '../../lease/lease.ts'
import { Misuse, StaleToken, Unsupported, WaitTimeout } from '../../store/errors.ts'
import { guardCases } from '../../testing/guard-contract.ts'
import { flockFence } from './index.ts'
import { registerOfLocks } from './register.fixture.ts'

beforeEach(async ({ skip }) => {
  // Debian has it everywhere, so where CI is set the tests fail without it.
  skip(process.env['CI'] === undefined && (await which('flock')) === undefined, 'this system has no command "flock"')
})

describe('the guard contract on files, by locks', () => {
  // A lock keeps others out and undoes nothing.
  for (const { name, run } of guardCases.filter(({ needs }) => needs !== 'transaction')) {
    it(name, () => run(registerOfLocks))
  }
})

function lease(token: bigint, mode: Mode = 'exclusive', name = 'stock'): Fenced {
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'))
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }))
  return folder
}

async function processInside(folder: string, token: bigint): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('holder.fixture.ts', import.meta.url)), [folder, String(token)])
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'message')
  return child
}

test('a process that is stopped in the middle of its work keeps others out, and one that dies does not', async () => {
  const folder = await newFolder()
  const guard = flockFence(folder, { wait: '200ms' })
  const child = await processInside(folder, 33n)
  child.kill('SIGSTOP')
  await expect(guard.enter(lease(34n))).rejects.toThrow(WaitTimeout)
  await expect(guard.run(lease(34n), () => 'done')).rejects.toThrow(/another process held it for longer than 200ms/)
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  expect(await guard.run(lease(34n), () => 'done')).toBe('done')
  await expect(guard.enter(lease(33n))).rejects.toThrow(StaleToken)
})

test('a successor waits for the end of the work, and works of shared leases run together', async () => {
  const folder = await newFolder()
  const guard = flockFence(folder)
  const child = await processInside(folder, 33n)
  const log: string[] = []
  const successor = guard.run(lease(34n), () => log.push('successor'))
  log.push('end')
  child.send('end')
  await successor
  expect(log).toEqual(['end', 'successor'])
  const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await Promise.all(
    both.map(async ({ resolve }, index) => {
      await guard.run(lease(34n, 'shared'), async () => {
        resolve()
        await both[1 - index]?.promise
      })
    }),
  )
})

test('a mark that is damaged is refused and not taken for none', async () => {
  const folder = await newFolder()
  const guard = flockFence(folder)
  await guard.enter(lease(34n))
  const [mark = ''] = await readdir(folder)
  await writeFile(join(folder, mark), 'half of it')
  await expect(guard.enter(lease(35n))).rejects.toThrow(Misuse)
  await writeFile(join(folder, mark), '00000000000000000034\n')
  await guard.enter(lease(35n))
})

test('a system without the command is told what to do', async () => {
  const path = process.env['PATH']
  onTestFinished(() => void (process.env['PATH'] = path))
  process.env['PATH'] = await newFolder()
  await expect(flockFence(await newFolder()).enter(lease(33n))).rejects.toThrow(Unsupported)
})
