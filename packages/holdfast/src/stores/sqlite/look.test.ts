/** Looking changes nothing on the disk: not the file, not what lies beside it, not a folder, and nobody's claim. */
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { holdfast } from '../../holdfast.ts'
import { sqlite } from './index.ts'
import {
  claimOf,
  clockAfterBoot,
  folder,
  lockFile,
  opened,
  openedOnce,
  OtherProcess,
  storeUnder,
  tokenOf,
} from './processes.fixture.ts'

const isRoot = process.getuid?.() === 0
/** Permissions do not bind root. */
const somebodyElse = isRoot ? { uid: 65_534 } : undefined

/** Everything that can be seen of a folder. Not the time of the last change of an inode: SQLite gives files of root to root. */
function traces(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => {
    const file = join(path, name)
    const { ino, size, mode, mtimeMs } = lstatSync(file)
    return [name, ino, size, mode, mtimeMs, lstatSync(file).isFile() ? digestOf(file) : ''].join(' ')
  })
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}

/** Where this process itself has the file open, its memory is what it looks with. */
function tracesButMemory(path: string): readonly string[] {
  return traces(path).filter((name) => !/^\S*-shm /.test(name))
}

/** Open, look in every way, and close. */
async function lookAround(path: string): Promise<void> {
  const locks = holdfast(sqlite({ path }))
  await locks.open()
  await locks.inspect('lock')
  await locks.inspect('nobody')
  await locks.list()
  await locks.close()
}

/** A file in which `default!lock` is held by a process that was killed, with everything that this leaves behind. */
async function abandonedFile(): Promise<{ readonly path: string; readonly token: bigint }> {
  const path = lockFile()
  const holder = await OtherProcess.start(path)
  const token = tokenOf(await holder.enter(claimOf({ resource: 'default!lock', ttlMs: 3_600_000 })))
  await holder.enter(claimOf({ resource: 'default!lock' }))
  await holder.kill()
  return { path, token }
}

/** SQLite puts everything into the file itself when the last one closes it. */
function closedByAnother(path: string): void {
  const database = new DatabaseSync(path)
  database.prepare('SELECT count(*) FROM line').get()
  database.close()
}

test('looking at a file that nobody has open leaves no trace', async () => {
  const { path } = await abandonedFile()
  const before = traces(dirname(path))
  await lookAround(path)
  expect(traces(dirname(path))).toEqual(before)
})

test('looking at a file that another process has open leaves no trace, and shows what it wrote last', async () => {
  const path = lockFile()
  const holder = await OtherProcess.start(path)
  await holder.enter(claimOf({ resource: 'default!lock', note: 'first' }))
  const store = await opened(sqlite({ path }))
  for (const resource of ['default!second', 'default!third']) {
    await holder.enter(claimOf({ resource }))
    const before = traces(dirname(path))
    expect((await store.look(resource)).claims).toMatchObject([{ state: 'held' }])
    await lookAround(path)
    expect(traces(dirname(path))).toEqual(before)
  }
})

test('looking where no lock file is makes none', async () => {
  const path = lockFile()
  await lookAround(path)
  expect(readdirSync(dirname(path))).toEqual([])
})

test('looking at the default file makes not even its folder', async () => {
  const home = folder()
  vi.stubEnv('XDG_STATE_HOME', join(home, 'state'))
  const store = await openedOnce(sqlite())
  expect((await store.look('test!lock')).claims).toEqual([])
  await store.close()
  expect(readdirSync(home)).toEqual([])
})

test('an empty file and an empty database are looked at and left as they are', async () => {
  const [file, database] = [lockFile(), lockFile()]
  writeFileSync(file, '')
  const empty = new DatabaseSync(database)
  empty.exec('VACUUM')
  empty.close()
  for (const path of [file, database]) {
    const before = traces(dirname(path))
    await lookAround(path)
    expect(traces(dirname(path))).toEqual(before)
  }
})

test('a copy in a folder where nothing may be written can be looked at', async () => {
  const { path, token } = await abandonedFile()
  const copy = lockFile()
  for (const end of ['', '-wal', '-shm']) {
    copyFileSync(path + end, copy + end)
    chmodSync(copy + end, 0o444)
  }
  chmodSync(dirname(copy), 0o555)
  const reader = await OtherProcess.start(copy, somebodyElse)
  expect(await reader.look('default!lock')).toMatchObject({ claims: [{ token }, { state: 'waiting' }] })
  await expect(reader.enter(claimOf())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  chmodSync(dirname(copy), 0o700)
  expect(readdirSync(dirname(copy)).toSorted()).toEqual(['locks.db', 'locks.db-shm', 'locks.db-wal'])
})

test.each([
  ['that another program closed', closedByAnother, []],
  ['whose -shm was not copied', (path: string) => rmSync(`${path}-shm`), ['locks.db-shm', 'locks.db-wal']],
])('a file %s is looked at in its state', async (_, prepare, beside) => {
  const { path, token } = await abandonedFile()
  prepare(path)
  const store = await opened(sqlite({ path }))
  expect((await store.look('default!lock')).claims).toMatchObject([{ token }, { state: 'waiting' }])
  expect(readdirSync(dirname(path)).toSorted()).toEqual(['locks.db', 'locks.db.bells', ...beside].toSorted())
})

test('a look takes nothing from a process that lost its own locks on the files', async () => {
  const path = lockFile()
  const holder = await OtherProcess.start(path)
  const claim = claimOf({ resource: 'default!lock' })
  const token = tokenOf(await holder.enter(claim))
  await holder.copy(join(folder(), 'backup'))
  const before = traces(dirname(path))
  await lookAround(path)
  expect(traces(dirname(path))).toEqual(before)
  expect(await holder.renew([{ ref: { resource: claim.resource, id: claim.id, token }, ttlMs: 60_000 }])).toMatchObject(
    [{ kind: 'held', token }],
  )
})

test('a look under another boot id ends nothing', async () => {
  const path = lockFile()
  const host = await opened(storeUnder(path, 'the-host'))
  const claim = claimOf()
  const token = tokenOf(await host.enter(claim))
  for (const [name, clock] of [
    ['a-container', undefined],
    ['another-boot', clockAfterBoot()],
  ] as const) {
    const before = tracesButMemory(dirname(path))
    const other = await opened(storeUnder(path, name), clock)
    expect((await other.look('test!lock')).claims).toMatchObject([{ state: 'held', token }])
    expect(await other.list('test!', undefined, 10)).toEqual({ resources: ['test!lock'] })
    expect(tracesButMemory(dirname(path))).toEqual(before)
  }
  expect(await host.renew([{ ref: { resource: claim.resource, id: claim.id, token }, ttlMs: 60_000 }])).toMatchObject([
    { kind: 'held', token },
  ])
})

test('what is no lock file is refused by a look, and left as it is', async () => {
  const path = lockFile()
  const other = new DatabaseSync(path)
  other.exec("PRAGMA journal_mode = wal; CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES ('Ada')")
  const before = tracesButMemory(dirname(path))
  await expect(openedOnce(sqlite({ path }))).rejects.toThrow(/the database of another program/)
  expect(tracesButMemory(dirname(path))).toEqual(before)
  other.close()
  expect(existsSync(path)).toBe(true)
})
