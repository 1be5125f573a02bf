/** The guard for files by markers, on the disk of this machine. */
import { readdirSync, writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Random } from '@holdfast/testbed/random'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import type { Fenced, Mode } from '../../lease/lease.ts'
import { Misuse, OutcomeUnknown, StaleToken } from '../../store/errors.ts'
import { guardCases } from '../../testing/guard-contract.ts'
import { fence } from './index.ts'
import { registerOfMarkers } from './register.fixture.ts'

const WORKLOADS = /worthless leases/

describe('the guard contract on files, by markers', () => {
  // Nothing of the caller runs inside of a write; and one that was overtaken is unknown, which the workload of below judges.
  const cases = guardCases.filter(({ name, needs }) => needs !== 'transaction' && !WORKLOADS.test(name))
  for (const { name, run } of cases) it(name, () => run(registerOfMarkers))
})

function lease(token: bigint, mode: Mode = 'exclusive', name = 'stock'): Fenced {
  return { namespace: 'shop', name, mode, token, assertHeld: () => undefined }
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'))
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }))
  return folder
}

interface Written {
  readonly token: bigint
  readonly id: number
  readonly based: number
  readonly isKnown: boolean
}

/** Eight holders whose leases are worth nothing enter, read, and write what they computed. */
async function workload(folder: string, grants: number): Promise<readonly Written[]> {
  const written: Written[] = []
  let lastToken = 0n
  let lastId = 0
  const random = new Random(1)
  const hold = async (): Promise<void> => {
    const guard = fence(folder)
    const mine = lease((lastToken += 1n))
    const id = (lastId += 1)
    let based = 0
    try {
      await guard.enter(mine)
      based = Number((await guard.read(mine))?.value.toString() ?? 0)
      for (let turns = random.below(60); turns > 0; turns -= 1) await setImmediate()
      await guard.write(mine, String(id))
      written.push({ token: mine.token, id, based, isKnown: true })
    } catch (error) {
      if (error instanceof OutcomeUnknown) written.push({ token: mine.token, id, based, isKnown: false })
      else if (!(error instanceof StaleToken)) throw error
    }
  }
  const holdOften = async (): Promise<void> => {
    for (let grant = 0; grant < grants; grant += 1) await hold()
  }
  await Promise.all(Array.from({ length: 8 }, holdOften))
  return written.toSorted((one, other) => (one.token < other.token ? -1 : 1))
}

/** Accepted writes on which the next accepted one does not build, be it by way of writes whose outcome was unknown. */
function lostOf(written: readonly Written[]): number {
  const byId = new Map(written.map((each) => [each.id, each]))
  const accepted = written.filter(({ isKnown }) => isKnown)
  return accepted.filter(({ id }, index) => {
    let next = accepted[index + 1]
    if (next === undefined) return false
    while (next !== undefined && next.based !== id) {
      const before = byId.get(next.based)
      next = before?.isKnown === false ? before : undefined
    }
    return next === undefined
  }).length
}

test('with enter no accepted write is lost', async () => {
  const written = await workload(await newFolder(), 60)
  expect(lostOf(written)).toBe(0)
  expect(written.some(({ isKnown }) => isKnown)).toBe(true)
})

test('a write that was overtaken when its file came into sight is told as unknown', async () => {
  const folder = await newFolder()
  const guard = fence(folder)
  await guard.write(lease(32n), 'first')
  const [place = ''] = await readdir(folder)
  const late = guard.write(lease(33n), 'late')
  late.catch(() => undefined)
  const isSeen = (): boolean => readdirSync(join(folder, place, 'versions')).some((name) => /^d\.0*33\./.test(name))
  // The folder is synced and the draft removed before the second look, which takes several turns of the event loop.
  while (!isSeen()) await setImmediate()
  writeFileSync(join(folder, place, 'markers', 'm.00000000000000000034'), '')
  await expect(late).rejects.toThrow(OutcomeUnknown)
})

test('what was written is read whole with its token, and another lock has a file of its own', async () => {
  const guard = fence(await newFolder())
  expect(await guard.read(lease(1n))).toBeNull()
  await guard.write(lease(33n), 'first')
  await guard.write(lease(33n), new Uint8Array([0, 255]))
  expect(await guard.read(lease(1n))).toEqual({ value: Buffer.from([0, 255]), token: 33n })
  expect(await guard.read(lease(1n, 'exclusive', 'other'))).toBeNull()
  await expect(guard.write(lease(32n), 'late')).rejects.toThrow(StaleToken)
  expect((await guard.read(lease(1n)))?.token).toBe(33n)
})

test('two processes with one token write two versions, and neither replaces the other', async () => {
  const folder = await newFolder()
  await Promise.all(Array.from({ length: 8 }, (_, index) => fence(folder).write(lease(33n), `version ${index}`)))
  const [place = ''] = await readdir(folder)
  expect(await readdir(join(folder, place, 'versions'))).toHaveLength(8)
})

test('markers, versions and the drafts of dead processes are cleared away', async () => {
  const folder = await newFolder()
  const guard = fence(folder)
  await guard.write(lease(1n), 'first')
  const [place = ''] = await readdir(folder)
  const draft = join(folder, place, 'versions', 't.00000000000000000001.left')
  await writeFile(draft, 'half')
  for (let token = 2n; token <= 40n; token += 1n) await guard.write(lease(token), String(token))
  const [markers, versions] = [
    await readdir(join(folder, place, 'markers')),
    await readdir(join(folder, place, 'versions')),
  ]
  expect([markers.length, versions.length]).toEqual([16, 16])
  expect(versions).not.toContain('t.00000000000000000001.left')
  expect((await guard.read(lease(1n)))?.value.toString()).toBe('40')
})

test('a folder that every user may write in, and one that is a link, are refused', async ({ skip }) => {
  skip(process.platform === 'win32', 'Windows has other rights')
  const folder = await newFolder()
  const [open, linked] = [join(folder, 'open'), join(folder, 'linked')]
  await mkdir(open)
  await chmod(open, 0o777)
  await symlink(folder, linked)
  await expect(fence(open).enter(lease(33n))).rejects.toThrow(/chmod o-w/)
  await expect(fence(linked).enter(lease(33n))).rejects.toThrow(Misuse)
  expect(() => fence('')).toThrow(Misuse)
})
