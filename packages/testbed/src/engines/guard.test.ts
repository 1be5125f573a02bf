/** @module-tag real-time */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { makeFolder, removeFolder, stateOf } from './guard.ts'
import * as redis from './redis/driver.ts'
import { requireEngine } from './require-engine.ts'

beforeEach(async (context) => {
  await requireEngine(context, redis)
})

interface Orphans {
  readonly child: ChildProcessByStdio<null, Readable, null>
  readonly pids: readonly number[]
}

async function startOrphans(ending: string): Promise<Orphans> {
  const fixture = join(import.meta.dirname, 'orphans.fixture.ts')
  const child = spawn(process.execPath, [fixture, ending], { stdio: ['ignore', 'pipe', 'ignore'] })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { pids } = JSON.parse(line) as { pids: number[] }
  return { child, pids }
}

/** A dead process that its new parent has not collected yet counts as gone: it runs no more. */
function running(pids: readonly number[]): readonly number[] {
  return pids.filter((pid) => !['Z', 'X', undefined].includes(stateOf(pid)))
}

function foldersOf(pid: number | undefined): readonly string[] {
  const places = ['/dev/shm', tmpdir()].filter((place) => existsSync(place))
  return places.flatMap((place) =>
    readdirSync(place).filter((name) => name.startsWith('holdfast-lab-') && name.includes(`-${pid}-`)),
  )
}

describe('when the process that started servers ends', () => {
  test.each(['exit', 'throw'])('by %s, servers and folders are gone with it, a paused server too', async (ending) => {
    const { child, pids } = await startOrphans(ending)
    if (child.exitCode === null) await once(child, 'exit')
    await expect.poll(() => running(pids)).toEqual([])
    expect(foldersOf(child.pid)).toEqual([])
  })

  test.each(['SIGKILL', 'SIGTERM'] as const)('by %s, the kernel takes the servers along', async (signal) => {
    const { child, pids } = await startOrphans('killed')
    expect(running(pids)).toEqual(pids)
    expect(foldersOf(child.pid).length).toBe(2)
    child.kill(signal)
    await once(child, 'exit')
    await expect.poll(() => running(pids)).toEqual([])
  })

  test('by SIGKILL, the next process deletes the folders, and only those of the dead', async () => {
    const mine = await makeFolder('mine', 'memory')
    const { child } = await startOrphans('killed')
    expect(foldersOf(child.pid).length).toBe(2)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const next = await startOrphans('exit')
    if (next.child.exitCode === null) await once(next.child, 'exit')
    expect(foldersOf(child.pid)).toEqual([])
    expect(existsSync(mine)).toBe(true)
    removeFolder(mine)
  })
})

describe('while it lives', () => {
  test('closing an engine ends its process and deletes its folder', async () => {
    const engine = await redis.start()
    const { pid } = engine
    expect(foldersOf(process.pid).length).toBe(1)
    await engine.close()
    expect(running([pid ?? 0])).toEqual([])
    expect(foldersOf(process.pid)).toEqual([])
    await engine.close()
    await expect(engine.restart()).rejects.toThrow('is closed')
  })

  test('a server that does not come up leaves neither a process nor a folder', async () => {
    await expect(redis.start({ config: { nonsense: 'yes' } })).rejects.toThrow('ended while it started')
    expect(foldersOf(process.pid)).toEqual([])
  })
})
