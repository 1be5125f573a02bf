/** Whose lock file may be used, and what beside it. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { sqlite } from './index.ts'
import {
  claimOf,
  expectRefused,
  folder,
  lockFile,
  opened,
  OtherProcess,
  refOf,
  tokenFrom,
  tokenOf,
} from './processes.fixture.ts'

const [ALICE, BOB, TEAM] = [60_001, 60_002, 60_100]
const EVERYBODY = 0o1777

const isRoot = process.getuid?.() === 0
const asRoot = test.runIf(isRoot)
const onUnix = test.skipIf(process.platform === 'win32')

/** A lock file that was used, in a folder like /tmp. */
async function usedFileIn(mode: number): Promise<string> {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  await tokenFrom(store)
  await store.close()
  chmodSync(dirname(path), mode)
  return path
}

asRoot('a lock file that another user made in a folder like /tmp is refused', async () => {
  const path = await usedFileIn(EVERYBODY)
  chownSync(path, ALICE, ALICE)
  chmodSync(path, 0o666)
  await expectRefused(
    path,
    /belongs to another user \(uid 60001\), in a folder that everybody may write to: .*trustedUsers/,
  )
  await tokenFrom(await opened(sqlite({ path, trustedUsers: [ALICE] })))
})

asRoot.each(['-wal', '-shm', '-journal'])('so is a file%s of another user beside our lock file there', async (end) => {
  const path = await usedFileIn(EVERYBODY)
  writeFileSync(path + end, '')
  chownSync(path + end, ALICE, ALICE)
  await expectRefused(path, /belongs to another user \(uid 60001\)/)
})

asRoot('a folder of another user is refused, also when the file in it is ours', async () => {
  const path = await usedFileIn(0o755)
  chownSync(dirname(path), ALICE, ALICE)
  await expectRefused(path, /is in a folder of another user \(uid 60001\), who could replace it/)
  await tokenFrom(await opened(sqlite({ path, trustedUsers: [ALICE] })))
})

asRoot('a symlink that another user made in a folder like /tmp is refused', async () => {
  const place = folder()
  chmodSync(place, EVERYBODY)
  const [target, link] = [lockFile(), join(place, 'locks.db')]
  writeFileSync(target, '')
  execFileSync('setpriv', [
    '--reuid',
    String(ALICE),
    '--regid',
    String(ALICE),
    '--clear-groups',
    'ln',
    '-s',
    target,
    link,
  ])
  await expectRefused(link, /belongs to another user \(uid 60001\)/)
})

onUnix('a lock file with two names is refused under both', async () => {
  const path = await usedFileIn(0o700)
  linkSync(path, `${path}.second`)
  for (const name of [path, `${path}.second`]) await expectRefused(name, /has 2 names \(hard links\)/)
  rmSync(`${path}.second`)
  await tokenFrom(await opened(sqlite({ path })))
})

onUnix.each(['-wal', '-shm', '-journal'])(
  'a file%s that is a second name, a link, a folder or a pipe is refused',
  async (end) => {
    const victim = join(folder(), 'victim')
    writeFileSync(victim, 'precious')
    const ways: readonly ((path: string) => void)[] = [
      (path) => linkSync(victim, path),
      (path) => symlinkSync(victim, path),
      (path) => mkdirSync(path),
      (path) => void execFileSync('mkfifo', [path]),
    ]
    for (const prepare of ways) {
      const path = join(dirname(victim), 'locks.db')
      writeFileSync(path, '')
      prepare(path + end)
      await expectRefused(path, /is not a plain file with one name/)
      rmSync(path + end, { recursive: true })
    }
  },
)

asRoot('a team shares a lock file in a folder of root’s that only its group may write to', async () => {
  const place = folder()
  chownSync(place, 0, TEAM)
  chmodSync(place, 0o2770)
  const path = join(place, 'locks.db')
  writeFileSync(path, '')
  chownSync(path, 0, TEAM)
  chmodSync(path, 0o660)
  const [alice, bob] = [
    await OtherProcess.start(path, { uid: ALICE, gid: TEAM }),
    await OtherProcess.start(path, { uid: BOB, gid: TEAM }),
  ]
  const [first, second] = [claimOf(), claimOf()]
  const token = tokenOf(await alice.enter(first))
  expect(await bob.enter(second)).toMatchObject({ kind: 'queued' })
  // Woken by the other user: nothing else would end this watch.
  const told = bob.watch(refOf(second))
  expect(await alice.leave({ ...refOf(first), token })).toBe('left')
  expect(tokenOf((await told).seen)).toBeGreaterThan(token)
})

asRoot('a lock file of one team member serves another in such a folder', async () => {
  const place = folder()
  chownSync(place, 0, TEAM)
  chmodSync(place, 0o2770)
  const path = join(place, 'locks.db')
  writeFileSync(path, '')
  chownSync(path, ALICE, TEAM)
  chmodSync(path, 0o660)
  const bob = await OtherProcess.start(path, { uid: BOB, gid: TEAM })
  expect(await bob.enter(claimOf())).toMatchObject({ kind: 'held' })
})

test('ids that could lead elsewhere are not read out of a file', async () => {
  const path = lockFile()
  const store = await opened(sqlite({ path }))
  await tokenFrom(store)
  const raw = new DatabaseSync(path)
  onTestFinished(() => raw.close())
  for (const id of ['\necho owned # ', '../../etc/passwd', 'a b', '', 7]) {
    const record = JSON.stringify([[], ['waiting', id, 1, 1, 200, 0, 9e15, '1.1.1.1.a', 'x', '']])
    raw.prepare("UPDATE line SET record = ? WHERE resource = 'test!lock'").run(record)
    await expect(store.enter(claimOf())).rejects.toThrow(/a line in it cannot be read/)
  }
})

test('a list of trusted users that is none is refused', () => {
  for (const trustedUsers of ['1000', [-1], [1.5], [null]] as unknown as readonly (readonly number[])[]) {
    expect(() => sqlite({ trustedUsers })).toThrow(expect.objectContaining({ code: 'MISUSE' }))
  }
})

asRoot(
  'a lock file that was mounted alone is refused, and one in a folder that was mounted is not',
  async ({ skip }) => {
    const [path, place] = [await usedFileIn(0o700), folder()]
    const [file, inside] = [join(place, 'with a blank.db'), join(place, 'folder')]
    writeFileSync(file, '')
    mkdirSync(inside)
    try {
      execFileSync('mount', ['--bind', path, file], { stdio: 'ignore' })
    } catch {
      return skip('this machine does not let root mount (a container?)')
    }
    try {
      execFileSync('mount', ['--bind', dirname(path), inside])
      await expectRefused(file, /is mounted into this place alone, .*mount the folder that it is in/)
      const here = await opened(sqlite({ path }))
      const there = await opened(sqlite({ path: join(inside, 'locks.db') }))
      await here.enter(claimOf())
      expect(await there.enter(claimOf({ queue: false }))).toMatchObject({ because: 'busy' })
      for (const store of [here, there]) await store.close()
    } finally {
      execFileSync('umount', [file])
      execFileSync('umount', [inside])
    }
  },
)
