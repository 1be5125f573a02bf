/** What can be wrong with a file or its disk: each has its own words, and the way out is one of them. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../time/clock.ts'
import { engineError } from './errors.ts'
import { sqlite } from './index.ts'
import { claimOf, expectRefused, folder, lockFile, open, opened, tokenFrom, tokenOf } from './processes.fixture.ts'

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
  expect(performance.now() - startedMs).toBeLessThan(BUSY_MS_MAX)
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
  expect(performance.now() - startedMs).toBeLessThan(BUSY_MS_MAX)
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
  await expectRefused(path, /has format 99, .* knows format 2: upgrade it/)
})

test('a damaged file is refused, with what deleting it would mean', async () => {
  const path = lockFile()
  const store = sqlite({ path })
  await open(store)
  for (let index = 0; index < 100; index += 1)
    await store.enter(claimOf({ resource: `test!${index}`, note: 'n'.repeat(200) }))
  await store.close()
  const bytes = readFileSync(path)
  bytes.fill(0xff, 4096)
  writeFileSync(path, bytes)
  const again = sqlite({ path })
  const error = await open(again)
    .then(
      () => again.enter(claimOf({ resource: 'test!50' })),
      (reason: unknown) => reason,
    )
    .catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(/is damaged: .*delete it/) })
  await again.close()
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
    const store = sqlite({ path })
    await open(store)
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

test('a store that is not open says so, and an aborted opening leaves nothing open', async () => {
  const path = lockFile()
  const store = sqlite({ path })
  await expect(store.enter(claimOf())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await expect(store.open({ clock: systemClock, signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  })
  expect(existsSync(path)).toBe(false)
  await open(store)
  await store.close()
  await store.close()
  await expect(store.enter(claimOf())).rejects.toThrow(/not open/)
})

test('a failed opening can be tried again', async () => {
  const missing = join(folder(), 'later')
  const store = sqlite({ path: join(missing, 'locks.db') })
  await expect(open(store)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  mkdirSync(missing)
  await opened(store)
  await tokenFrom(store)
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
