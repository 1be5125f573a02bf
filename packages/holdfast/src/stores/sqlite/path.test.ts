/** Where a lock file may be, and who may use it. */
import { chmodSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { sqlite } from './index.ts'
import { refuseSharedFileSystem, stateFolder } from './path.ts'
import { claimOf, expectRefused, folder, lockFile, opened, OtherProcess, tokenFrom } from './processes.fixture.ts'

const isRoot = process.getuid?.() === 0
/** Permissions do not bind root, so those tests let somebody else try. */
const somebodyElse = isRoot ? { uid: 65_534 } : undefined

test('a path whose folder is missing is refused, because a lock file in a mistyped place would lock nobody out', async () => {
  const path = join(folder(), 'no such folder', 'locks.db')
  await expectRefused(path, /there is no folder .*no such folder\. Create it, or correct the path/)
  expect(existsSync(dirname(path))).toBe(false)
})

test('a path through a file is refused', async () => {
  const file = join(folder(), 'file')
  writeFileSync(file, '')
  await expectRefused(join(file, 'locks.db'), /is not a folder/)
})

test('a path that is a folder is refused', async () => {
  await expectRefused(folder(), /is a folder: give the path of a file/)
})

test('a path that is neither file nor folder is refused', async () => {
  await expectRefused('/dev/null', /neither a file nor missing/)
})

test('a symlink to nothing is refused', async () => {
  const path = lockFile()
  symlinkSync('nowhere', path)
  await expectRefused(path, /symlink to nothing/)
})

test('a symlink and the file it points to are one lock file', async () => {
  const path = lockFile()
  const [elsewhere, link] = [join(folder(), 'link.db'), `${path}.link`]
  const store = await opened(sqlite({ path }))
  for (const name of [elsewhere, link]) symlinkSync(path, name)
  await store.enter(claimOf())
  for (const name of [elsewhere, link]) {
    const other = await opened(sqlite({ path: name }))
    expect(await other.enter(claimOf({ queue: false }))).toMatchObject({ because: 'busy' })
  }
  expect(readdirSync(dirname(elsewhere))).toEqual(['link.db'])
})

test('a file that this user may not write can be looked at, and refuses every change', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  await store.enter(claimOf())
  await store.close()
  for (const end of ['', '-wal', '-shm']) chmodSync(path + end, 0o444)
  chmodSync(dirname(path), 0o755)
  const other = await OtherProcess.start(path, somebodyElse)
  expect(await other.look('test!lock')).toMatchObject({ claims: [{ state: 'held' }] })
  await expect(other.enter(claimOf())).rejects.toThrow(
    /cannot be read and written by this user: give it both permissions/,
  )
})

test('a file that this user may not even read is refused', async ({ skip }) => {
  if (!isRoot) return skip('needs a file of another user, and so root')
  const path = lockFile()
  await tokenFrom(await opened(sqlite({ path })))
  chmodSync(dirname(path), 0o755)
  await expect(OtherProcess.start(path, somebodyElse)).rejects.toThrow(/cannot be read and written by this user/)
})

test('a folder that this user may not write to is refused', async () => {
  const path = lockFile()
  chmodSync(dirname(path), 0o555)
  await expect(OtherProcess.start(path, somebodyElse)).rejects.toThrow(/this user may not write to/)
})

test('a new file and its bells are private to this user, and an existing mode is respected', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  await tokenFrom(store)
  const mode = (name: string): number => statSync(name).mode & 0o777
  expect([path, `${path}-wal`, `${path}-shm`].map(mode)).toEqual([0o600, 0o600, 0o600])
  expect(mode(`${path}.bells`)).toBe(0o700)
  await store.close()
  const shared = lockFile()
  writeFileSync(shared, '')
  chmodSync(shared, 0o660)
  await tokenFrom(await opened(sqlite({ path: shared })))
  expect([shared, `${shared}-wal`, `${shared}-shm`].map(mode)).toEqual([0o660, 0o660, 0o660])
  expect(mode(`${shared}.bells`)).toBe(0o770)
})

test('the default file is in the state folder of the user, which is made', async () => {
  const home = folder()
  vi.stubEnv('XDG_STATE_HOME', join(home, 'state'))
  await tokenFrom(await opened(sqlite()))
  expect(statSync(join(home, 'state', 'holdfast', 'locks.db')).isFile()).toBe(true)
  expect(statSync(join(home, 'state', 'holdfast')).mode & 0o777).toBe(0o700)
})

test('each system has its own state folder', () => {
  const none = { stateHome: undefined, localData: undefined }
  expect(stateFolder('linux', '/people/ada', none)).toBe('/people/ada/.local/state')
  expect(stateFolder('linux', '/people/ada', { ...none, stateHome: '/var/ada' })).toBe('/var/ada')
  expect(stateFolder('linux', '/people/ada', { ...none, stateHome: 'relative' })).toBe('/people/ada/.local/state')
  expect(stateFolder('darwin', '/Users/ada', none)).toBe('/Users/ada/Library/Application Support')
  expect(stateFolder('win32', '/ada', { ...none, localData: '/ada/data' })).toBe('/ada/data')
})

test.runIf(process.platform === 'linux')('a file system that other machines may share is refused by its name', () => {
  for (const [type, name] of [
    [0x6969, 'NFS'],
    [0xfe534d42, 'SMB'],
    [0x01021997, '9p'],
    [0x65735546, 'FUSE'],
  ] as const) {
    expect(() => refuseSharedFileSystem('/mnt/locks.db', type)).toThrow(
      new RegExp(`may share \\(${name}\\).*a local disk`),
    )
  }
  const [ext4, tmpfs] = [0xef53, 0x01021994]
  for (const type of [ext4, tmpfs]) expect(() => refuseSharedFileSystem('/mnt/locks.db', type)).not.toThrow()
})

test('options that cannot work are refused before anything is opened', () => {
  for (const path of [':memory:', 'file:locks.db?mode=memory']) {
    expect(() => sqlite({ path })).toThrow(
      expect.objectContaining({ code: 'MISUSE', message: expect.stringContaining('memory()') }),
    )
  }
  for (const path of ['', 'a\0b', 7 as unknown as string]) {
    expect(() => sqlite({ path })).toThrow(expect.objectContaining({ code: 'MISUSE' }))
  }
  expect(() => sqlite({ durability: 'hope' as 'full' })).toThrow(/'normal' or 'full'/)
})
