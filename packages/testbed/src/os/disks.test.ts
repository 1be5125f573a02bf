/** @module-tag real-time */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Engine } from '../engines/engine.ts'
import { stateOf } from '../engines/guard.ts'
import * as redis from '../engines/redis/driver.ts'
import { RespConnection } from '../engines/redis/resp.ts'
import { requireEngine } from '../engines/require-engine.ts'
import * as fragile from './fragile-disk.ts'
import { mountsBeneath } from './mounts.ts'
import { requireAbility } from './rights.ts'
import * as small from './small-disk.ts'

beforeEach(async (context) => {
  await requireEngine(context, redis)
})

async function increments(engine: Engine, count: number): Promise<number> {
  await using connection = await RespConnection.open(engine.url)
  let last = 0
  for (let turn = 0; turn < count; turn += 1) last = Number(await connection.command('INCR', 'fence'))
  return last
}

/** How many were answered; a server without its disk refuses the next one. */
async function incrementsUntil(engine: Engine, end: () => Promise<unknown>): Promise<number> {
  await using connection = await RespConnection.open(engine.url)
  let last = Number(await connection.command('INCR', 'fence'))
  let ended = false
  const ending = end().finally(() => (ended = true))
  try {
    while (!ended) last = Number(await connection.command('INCR', 'fence'))
  } catch {
    // The disk is gone.
  }
  await ending
  return last
}

async function fence(engine: Engine): Promise<number> {
  await using connection = await RespConnection.open(engine.url)
  return Number(await connection.command('GET', 'fence'))
}

function loopDevices(): number {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('/dev/loop')).length
}

describe('a disk that loses power', () => {
  beforeEach(async (context) => {
    await requireAbility(context, () => fragile.locate())
  })

  async function survives({ engine, disk }: { engine: Engine; disk: fragile.FragileDisk }): Promise<number> {
    await engine.kill()
    await disk.restore()
    await engine.restart()
    return await fence(engine)
  }

  test.each(['ext4', 'xfs'] as const)('keeps what was synced before it was answered, on %s', async (fileSystem) => {
    await using disk = await fragile.openFragileDisk({ fileSystem })
    await using engine = await redis.start({ aof: 'always', folder: disk.folder })
    expect(await increments(engine, 20)).toBe(20)
    await disk.cutPower()
    expect(await survives({ engine, disk })).toBe(20)
  })

  test.each(['ext4', 'xfs'] as const)('forgets what a kill alone would have kept, on %s', async (fileSystem) => {
    await using disk = await fragile.openFragileDisk({ fileSystem })
    await using engine = await redis.start({ aof: 'everysec', folder: disk.folder })
    // Up to the last moment: what was written a little earlier may just have been synced.
    const answered = await incrementsUntil(engine, () => disk.cutPower())
    expect(await survives({ engine, disk })).toBeLessThan(answered)
  })

  test('leaves neither a mount nor a device behind', async () => {
    const before = loopDevices()
    const disk = await fragile.openFragileDisk()
    const { folder } = disk
    expect(loopDevices()).toBe(before + 1)
    await disk.cutPower()
    await disk.close()
    await disk.close()
    expect(mountsBeneath(folder)).toEqual([])
    expect(loopDevices()).toBe(before)
  })

  test('goes with the next start after a kill -9 of its owner, and what is mounted is not emptied', async () => {
    const before = loopDevices()
    const fixture = join(import.meta.dirname, 'killed.fixture.ts')
    const child = spawn(process.execPath, [fixture], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const { folder, pid } = JSON.parse(line) as { folder: string; pid: number }
    expect(loopDevices()).toBe(before + 1)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await expect.poll(() => [undefined, 'Z', 'X'].includes(stateOf(pid))).toBe(true)
    expect(existsSync(folder)).toBe(true)
    const next = spawn(process.execPath, [join(import.meta.dirname, '../engines/orphans.fixture.ts'), 'exit'])
    await once(next, 'exit')
    expect(existsSync(folder)).toBe(false)
    await expect.poll(loopDevices).toBe(before)
  })
})

describe('a disk that gets full', () => {
  beforeEach(async (context) => {
    await requireAbility(context, small.locate)
  })

  test('makes a Redis that syncs every second refuse writes until there is room', async () => {
    await using disk = await small.openSmallDisk()
    await using engine = await redis.start({ aof: 'everysec', folder: disk.folder })
    await increments(engine, 1)
    disk.fill()
    // The last page of the log has room for some dozen writes.
    await expect.poll(() => increments(engine, 50).then(() => 'written', String)).toContain('MISCONF')
    disk.free()
    await expect.poll(() => increments(engine, 1).then(() => 'written', String)).toBe('written')
  })

  test('ends a Redis that syncs always, which comes back when there is room', async () => {
    await using disk = await small.openSmallDisk()
    await using engine = await redis.start({ aof: 'always', folder: disk.folder })
    expect(await increments(engine, 5)).toBe(5)
    disk.fill()
    await increments(engine, 5_000).catch(() => undefined)
    await expect.poll(() => engine.state).toBe('down')
    disk.free()
    await engine.restart()
    expect(await fence(engine)).toBeGreaterThanOrEqual(5)
  })
})
