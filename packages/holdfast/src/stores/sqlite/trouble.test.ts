/**
 * What can be wrong with a file or its disk: each has its own words, and the way out is one of them.
 * @module-tag real-time
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { patient } from '@holdfast/testbed/watchdog/pace'
import { systemClock } from '../../time/clock.ts'
import { environment, never } from '../opened.fixture.ts'
import { engineError } from './errors.ts'
import { sqlite } from './index.ts'
import {
  claimOf,
  expectRefused,
  folder,
  lockFile,
  opened,
  openedOnce,
  refOf,
  tokenFrom,
  tokenOf,
} from './processes.fixture.ts'

/** The store waits for 50 ms at most; the rest is for a machine that is busy. */
const BUSY_MS_MAX = 2_500

const isRoot = process.getuid?.() === 0

/** The bytes of everything in a folder. */
function contents(path: string): Record<string, string> {
  return Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'base64')]))
}

test('a busy file says at once that nothing happened, and serves again when it is free', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  const startedMs = performance.now()
  await expect(store.enter(claimOf())).rejects.toMatchObject({ code: 'NOT_APPLIED' })
  expect(performance.now() - startedMs).toBeLessThan(patient(BUSY_MS_MAX))
  expect((await store.look('test!lock')).claims).toEqual([])
  other.exec('ROLLBACK')
  other.close()
  await tokenFrom(store)
})

test('a file that is locked while it is opened for change says soon that nothing happened, and why', async () => {
  const path = lockFile()
  await tokenFrom(await opened(sqlite({ path })))
  const other = new DatabaseSync(path)
  onTestFinished(() => other.close())
  other.exec('BEGIN IMMEDIATE')
  const store = await opened(sqlite({ path }))
  const startedMs = performance.now()
  await expect(store.enter(claimOf())).rejects.toMatchObject({
    code: 'NOT_APPLIED',
    message: expect.stringContaining('is busy'),
  })
  expect(performance.now() - startedMs).toBeLessThan(patient(BUSY_MS_MAX))
  other.exec('ROLLBACK')
  await tokenFrom(store)
})

test('a file that is no database is refused and left as it is', async () => {
  const path = lockFile()
  writeFileSync(path, 'a diary, and not a short one. '.repeat(100))
  const before = contents(dirname(path))
  await expectRefused(path, /is not an SQLite database, and was left as it is/)
  expect(contents(dirname(path))).toEqual(before)
})

test.each(['delete', 'wal'])(
  'the database of another program (journal mode %s) is refused and left as it is',
  async (mode) => {
    const [original, path] = [lockFile(), lockFile()]
    const other = new DatabaseSync(original)
    onTestFinished(() => other.close())
    other.exec(
      `PRAGMA journal_mode = ${mode}; CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES ('Ada')`,
    )
    // As a crash of the other program would leave it: in WAL mode, most of it is not in the file itself.
    for (const end of ['', '-wal']) if (existsSync(original + end)) copyFileSync(original + end, path + end)
    const before = contents(dirname(path))
    await expectRefused(path, /the database of another program, and was left as it is/)
    expect(contents(dirname(path))).toMatchObject(before)
  },
)

test('a database with another application id is refused, although it has no tables', async () => {
  const path = lockFile()
  const other = new DatabaseSync(path)
  other.exec('PRAGMA application_id = 1234; PRAGMA user_version = 1')
  other.close()
  await expectRefused(path, /another program/)
})

test('an empty file and an empty database become lock files', async () => {
  const [file, database] = [lockFile(), lockFile()]
  writeFileSync(file, '')
  const empty = new DatabaseSync(database)
  empty.exec('VACUUM')
  empty.close()
  for (const path of [file, database]) await tokenFrom(await opened(sqlite({ path })))
})

test('a file of a newer format is refused and says to upgrade', async () => {
  const path = lockFile()
  await tokenFrom(await opened(sqlite({ path })))
  const raw = new DatabaseSync(path)
  raw.exec('PRAGMA user_version = 99')
  raw.close()
  await expectRefused(path, /has format 99, .* knows format 3: upgrade it/)
})

test('a damaged file is refused, with what deleting it would mean', async () => {
  const path = lockFile()
  const store = await openedOnce(sqlite({ path }))
  for (let index = 0; index < 100; index += 1)
    await store.enter(claimOf({ resource: `test!${index}`, note: 'n'.repeat(200) }))
  await store.close()
  const bytes = readFileSync(path)
  bytes.fill(0xff, 4096)
  writeFileSync(path, bytes)
  // Which page is read first decides whether the opening meets the damage, or the first ask.
  const again = opened(sqlite({ path })).then((damaged) => damaged.enter(claimOf({ resource: 'test!50' })))
  await expect(again).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(/is damaged: .*delete it/),
  })
})

test('a line that cannot be read fails for its own claims only', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  const claims = ['test!a', 'test!b'].map((resource) => claimOf({ resource }))
  const refs: { resource: string; id: string; token: bigint }[] = []
  for (const claim of claims)
    refs.push({ resource: claim.resource, id: claim.id, token: tokenOf(await store.enter(claim)) })
  const raw = new DatabaseSync(path)
  raw.exec(`UPDATE line SET record = '[[],["held",1]]' WHERE resource = 'test!a'`)
  raw.close()
  const answers = await store.renew(refs.map((ref) => ({ ref, ttlMs: 1_000 })))
  expect(answers).toMatchObject([{ code: 'STORE_UNAVAILABLE' }, { kind: 'held' }])
  await expect(store.enter(claimOf({ resource: 'test!a' }))).rejects.toThrow(/a line in it cannot be read/)
  await tokenFrom(store, 'test!c')
})

test('a full disk is told as such, breaks no promise, and is over when there is space', async ({ skip }) => {
  if (!isRoot) return skip('a disk of its own can only be mounted by root')
  const disk = folder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    return skip('this machine does not let root mount a tmpfs (a container?)')
  }
  try {
    const path = join(disk, 'locks.db')
    const store = await openedOnce(sqlite({ path }))
    writeFileSync(join(disk, 'filler'), Buffer.alloc(600 * 1024))
    const first = claimOf({ resource: 'test!first' })
    const token = tokenOf(await store.enter(first))
    const fill = async (): Promise<void> => {
      for (let index = 0; index < 1_000; index += 1) {
        await store.enter(claimOf({ resource: `test!${index}`, note: 'n'.repeat(4_000) }))
      }
    }
    await expect(fill()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/the disk is full/),
    })
    rmSync(join(disk, 'filler'))
    expect(await store.enter(claimOf({ resource: 'test!first', queue: false }))).toMatchObject({ because: 'busy' })
    expect(await store.leave({ resource: first.resource, id: first.id, token })).toBe('left')
    await store.close()
  } finally {
    execFileSync('umount', [disk])
  }
})

test('an aborted opening leaves nothing open, and makes no file', async () => {
  const path = lockFile()
  const aborted = sqlite({ path }).open(environment(systemClock, AbortSignal.abort()))
  await expect(aborted).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(existsSync(path)).toBe(false)
})

test('a closed store says so in every call, and opens no file for it', async () => {
  const path = lockFile()
  const store = await openedOnce(sqlite({ path }))
  await store.close()
  await store.close()
  const ref = refOf(claimOf())
  for (const call of [
    () => store.enter(claimOf()),
    () => store.renew([{ ref, ttlMs: 1_000 }]),
    () => store.leave(ref),
    () => store.watch(ref, never),
    () => store.observe('test!lock', '', never),
    () => store.look('test!lock'),
    () => store.list('test!', undefined, 1),
    () => store.evict('test!lock', 1n, 'a test'),
  ]) {
    await expect(call()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: 'this store was closed' })
  }
  expect(readdirSync(dirname(path))).toEqual([])
})

test('a failed opening can be tried again', async () => {
  const missing = join(folder(), 'later')
  const store = sqlite({ path: join(missing, 'locks.db') })
  await expect(openedOnce(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  mkdirSync(missing)
  await tokenFrom(await opened(store))
})

test('only a commit that may or may not have happened is of unknown outcome', () => {
  const failure = (errcode: number): Error => Object.assign(new Error('words do not matter'), { errcode })
  const ioErrorOfSync = 10 | (4 << 8)
  expect(engineError(failure(ioErrorOfSync), '/x', 'commit')).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
  expect(engineError(failure(ioErrorOfSync), '/x', 'step')).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  const busySnapshot = 5 | (2 << 8)
  expect(engineError(failure(busySnapshot), '/x', 'commit')).toMatchObject({ code: 'NOT_APPLIED' })
  expect(engineError(failure(13), '/x', 'commit')).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  const defect = new TypeError('ours')
  expect(engineError(defect, '/x', 'commit')).toBe(defect)
})
