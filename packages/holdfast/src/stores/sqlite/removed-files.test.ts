/**
 * A lock file, its -wal and its -shm belong together. What takes one of them away under those who use them, and what a
 * process does to its own locks by reading or copying them, must not make two holders.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../time/clock.ts'
import { loadDriver } from './client.ts'
import { LineDatabase } from './database.ts'
import { epochAt } from './epoch.ts'
import { FileIdentity } from './file-identity.ts'
import { sqlite } from './index.ts'
import { openFile } from './open.ts'
import { claimOf, folder, lockFile, opened, OtherProcess, refOf, tokenFrom, tokenOf } from './processes.fixture.ts'

const ALL = ['', '-wal', '-shm'] as const
const TTL_MS = 60_000

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino

/** As the shell of SQLite does, or a tool that shows databases: it opens the file, reads, and closes it. */
function otherProgram(path: string, sql = 'SELECT count(*) FROM line'): void {
  const script = `const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(${JSON.stringify(path)})
    database.prepare(${JSON.stringify(sql)}).get()
    database.close()`
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '-e', script])
}

/** A process that holds `test!lock`, and copied the files: its own locks on them are gone, and it does not know. */
async function carelessHolder(path: string) {
  const holder = await OtherProcess.start(path)
  const claim = claimOf({ ttlMs: TTL_MS })
  const token = tokenOf(await holder.enter(claim))
  await holder.copy(join(folder(), 'backup'))
  return { holder, ref: { ...refOf(claim), token } }
}

test('a holder that copied the files keeps them, whichever process of ours opens and closes them next', async () => {
  const path = lockFile()
  const { holder, ref } = await carelessHolder(path)
  const before = inodeOf(`${path}-wal`)
  for (const way of ['close', 'end', 'kill'] as const) {
    const other = await OtherProcess.start(path)
    const claim = claimOf({ resource: 'test!other' })
    await other.leave({ ...refOf(claim), token: tokenOf(await other.enter(claim)) })
    await other[way]()
    expect(inodeOf(`${path}-wal`)).toBe(before)
  }
  expect(await holder.renew([{ ref, ttlMs: TTL_MS }])).toMatchObject([{ kind: 'held', token: ref.token }])
  const store = await opened(sqlite({ path }))
  expect(await store.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
  expect(await holder.leave(ref)).toBe('left')
  expect(tokenOf(await store.enter(claimOf({ queue: false })))).toBeGreaterThan(ref.token)
})

test('a holder whose -wal was removed by another program renews in the new one, and nobody else gets its lock', async () => {
  const path = lockFile()
  const { holder, ref } = await carelessHolder(path)
  const before = inodeOf(`${path}-wal`)
  otherProgram(path)
  expect(inodeOf(`${path}-wal`)).not.toBe(before)
  const store = await opened(sqlite({ path }))
  expect(await store.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
  expect(await holder.renew([{ ref, ttlMs: 2 * TTL_MS }])).toMatchObject([{ kind: 'held', token: ref.token }])
  expect(await store.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
  const [shown] = (await store.look('test!lock')).claims
  expect(shown?.endsInMs).toBeGreaterThan(TTL_MS)
  expect(await holder.leave(ref)).toBe('left')
  expect(tokenOf(await store.enter(claimOf({ queue: false })))).toBeGreaterThan(ref.token)
})

test('when the -wal alone is removed by hand, nothing is granted to anybody before all have let go', async () => {
  const path = lockFile()
  const holder = await OtherProcess.start(path)
  const claim = claimOf({ ttlMs: TTL_MS })
  const token = tokenOf(await holder.enter(claim))
  rmSync(`${path}-wal`)
  const other = await OtherProcess.start(path)
  await expect(other.enter(claimOf({ queue: false }))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await expect(holder.renew([{ ref: { ...refOf(claim), token }, ttlMs: TTL_MS }])).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  })
  for (const each of [holder, other]) await each.close()
  const store = await opened(sqlite({ path }))
  expect(tokenOf(await store.enter(claimOf({ queue: false })))).toBeGreaterThan(token)
})

test.each(ALL)('two stores of one process meet again when the file%s was removed', async (end) => {
  const path = lockFile()
  const [one, two] = [await opened(sqlite({ path })), await opened(sqlite({ path }))]
  for (const store of [one, two]) await tokenFrom(store)
  rmSync(path + end)
  const token = tokenOf(await one.enter(claimOf()))
  expect(await two.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
  const other = await OtherProcess.start(path)
  expect(await other.enter(claimOf({ queue: false }))).toMatchObject({ kind: 'refused', because: 'busy' })
  expect((await two.look('test!lock')).lastToken).toBe(token)
})

test.each(ALL)('a step whose file%s is removed before it is committed is never answered as done', async (end) => {
  const path = lockFile()
  const database = await lineDatabase(path)
  database.change([], (_, lines) => lines.write('test!lock', { line: { lastToken: 1n, claims: [] }, observers: [] }))
  expect(() => database.transact(() => rmSync(path + end))).toThrow(
    expect.objectContaining({ code: 'OUTCOME_UNKNOWN', message: expect.stringContaining('was removed or replaced') }),
  )
})

test('a step in one statement is never answered as done either', async () => {
  const path = lockFile()
  const database = await lineDatabase(path)
  const entry = { line: { lastToken: 1n, claims: [] }, observers: [] }
  database.change([], (_, lines) => lines.write('test!lock', entry))
  const step = (): unknown =>
    database.compareAndSet('test!lock', (_, lines) => {
      lines.write('test!lock', { ...entry, line: { ...entry.line, lastToken: 2n } })
      rmSync(`${path}-wal`)
    })
  expect(step).toThrow(expect.objectContaining({ code: 'OUTCOME_UNKNOWN' }))
})

async function lineDatabase(path: string): Promise<LineDatabase> {
  const now = { nowMs: systemClock.monotonicMs(), tokenScaleUs: BigInt(Math.floor(systemClock.wallMs() * 1000)) }
  const epoch = epochAt('boot', now.nowMs, systemClock.wallMs())
  const file = openFile({
    path,
    makeFolder: false,
    isTrusted: () => true,
    durability: 'normal',
    epoch,
    now,
    openDatabase: await loadDriver(),
    monotonicMs: () => systemClock.monotonicMs(),
    floor: 0n,
  })
  const database = new LineDatabase(file, {
    durability: 'normal',
    floor: 0n,
    now: () => now,
    epoch: () => epoch,
    channel: 'mine',
  })
  onTestFinished(() => database.close())
  return database
}

/** The identity of three files, and a clock that the test sets. */
function identityOf(path: string, real = path): { readonly identity: FileIdentity; pass(ms: number): void } {
  let nowMs = 0
  const identity = FileIdentity.of(path, real, () => nowMs)
  if (identity === undefined) throw new Error('a file is missing')
  return { identity, pass: (ms) => void (nowMs += ms) }
}

function threeFiles(): string {
  const path = lockFile()
  for (const end of ALL) writeFileSync(path + end, '')
  return path
}

test.each(ALL)('the file%s of another inode is noticed, soon and late, and in the same moment', (end) => {
  for (const settledForMs of [0, 1, 5_000]) {
    const path = threeFiles()
    const { identity, pass } = identityOf(path)
    for (const ms of [0, settledForMs, settledForMs]) {
      pass(ms)
      expect(identity.isCurrent()).toBe(true)
    }
    renameSync(path + end, `${path}.old`)
    expect(identity.isCurrent()).toBe(false)
    expect(identity.looksCurrent()).toBe(false)
    writeFileSync(path + end, '')
    expect(identity.isCurrent()).toBe(false)
    expect(() => identity.assertCurrent()).toThrow(/was removed or replaced/)
    renameSync(`${path}.old`, path + end)
    expect(identity.isCurrent()).toBe(true)
  }
})

test('what else happens in the folder is nobody’s business', () => {
  const path = threeFiles()
  const { identity, pass } = identityOf(path)
  for (let round = 0; round < 5; round += 1) {
    writeFileSync(`${path}.${round}`, '')
    expect(identity.isCurrent()).toBe(true)
    pass(5_000)
    expect(identity.isCurrent()).toBe(true)
  }
})

test('another folder under the name of the first is noticed', () => {
  const place = folder()
  const real = threeFiles()
  symlinkSync(join(real, '..'), join(place, 'locks'))
  const { identity, pass } = identityOf(join(place, 'locks', 'locks.db'), real)
  for (const ms of [0, 5_000, 5_000]) {
    pass(ms)
    expect(identity.isCurrent()).toBe(true)
  }
  rmSync(join(place, 'locks'))
  symlinkSync(join(threeFiles(), '..'), join(place, 'locks'))
  expect(identity.isCurrent()).toBe(false)
})

test('a symlink from elsewhere that leads to another file is noticed, and so is what happens where it leads', () => {
  const link = join(folder(), 'link.db')
  const real = threeFiles()
  symlinkSync(real, link)
  const { identity, pass } = identityOf(link, real)
  for (const ms of [0, 5_000, 5_000]) {
    pass(ms)
    expect(identity.isCurrent()).toBe(true)
  }
  renameSync(`${real}-wal`, `${real}.old`)
  expect(identity.isCurrent()).toBe(false)
  renameSync(`${real}.old`, `${real}-wal`)
  expect(identity.isCurrent()).toBe(true)
  rmSync(link)
  symlinkSync(threeFiles(), link)
  expect(identity.isCurrent()).toBe(false)
})

test('files of which one is missing have no identity', () => {
  for (const end of ALL) {
    const path = threeFiles()
    rmSync(path + end)
    expect(FileIdentity.of(path, path, () => 0)).toBe(undefined)
    expect(existsSync(path + end)).toBe(false)
  }
})
