/** What other users may have prepared beside a lock file: it is neither followed nor filled, and nothing hangs. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { trusting } from './ownership.ts'
import { folder } from './processes.fixture.ts'
import { canHangBells, WakeFiles } from './wake-files.ts'

const STRANGER = 65_534
const THEIRS = '2.2.2.2.b'

const asRoot = test.runIf(process.getuid?.() === 0)
const onUnix = test.skipIf(process.platform === 'win32')

function bellsIn(path: string, isShared = false): WakeFiles {
  const bells = new WakeFiles({
    folder: path,
    own: '1.1.1.1.a',
    isTrusted: trusting([]),
    isShared,
    onRing: () => undefined,
  })
  onTestFinished(() => bells.close())
  return bells
}

/** A file that must not change. */
function victim(): string {
  const path = join(folder(), 'victim')
  writeFileSync(path, 'precious')
  return path
}

onUnix('a bell that is a symlink is not rung', () => {
  const [path, target] = [folder(), victim()]
  symlinkSync(target, join(path, THEIRS))
  bellsIn(path).ring(THEIRS, 'test!lock')
  expect(readFileSync(target, 'utf8')).toBe('precious')
})

onUnix('a bell that is a second name of another file is not rung', () => {
  const path = folder()
  writeFileSync(join(path, 'other'), 'precious')
  linkSync(join(path, 'other'), join(path, THEIRS))
  bellsIn(path).ring(THEIRS, 'test!lock')
  expect(readFileSync(join(path, 'other'), 'utf8')).toBe('precious')
})

onUnix('a bell that is a pipe hangs nobody, with or without a reader', () => {
  const path = folder()
  spawnSync('mkfifo', [join(path, THEIRS)])
  const module = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href)
  const script = `
    import { openSync, constants, readSync } from 'node:fs'
    import { WakeFiles } from ${module('wake-files.ts')}
    const bells = new WakeFiles({ folder: ${JSON.stringify(path)}, own: '1.1.1.1.a', isTrusted: () => true, isShared: false, onRing() {} })
    bells.ring(${JSON.stringify(THEIRS)}, 'test!lock')
    const pipe = openSync(${JSON.stringify(join(path, THEIRS))}, constants.O_RDONLY | constants.O_NONBLOCK)
    bells.ring(${JSON.stringify(THEIRS)}, 'test!lock')
    console.log(readSync(pipe, Buffer.alloc(100)))`
  const { stdout, stderr, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  expect([signal, stdout.trim()], stderr).toEqual([null, '0'])
})

asRoot('a bell of another user is rung only in a folder that not everybody may write to', () => {
  const path = folder()
  const bell = join(path, THEIRS)
  writeFileSync(bell, '')
  chownSync(bell, STRANGER, STRANGER)
  chmodSync(path, 0o1777)
  bellsIn(path).ring(THEIRS, 'test!lock')
  expect(statSync(bell).size).toBe(0)
  chmodSync(path, 0o2770)
  bellsIn(path).ring(THEIRS, 'test!lock')
  expect(readFileSync(bell, 'utf8')).toBe('test!lock\n')
})

asRoot('a folder of bells that another user prepared in a place like /tmp is not used', () => {
  const place = folder()
  chmodSync(place, 0o1777)
  const path = join(place, 'locks.db.bells')
  mkdirSync(path)
  chownSync(path, STRANGER, STRANGER)
  writeFileSync(join(path, THEIRS), '')
  const bells = bellsIn(path)
  expect(canHangBells(path, trusting([]))).toBe(false)
  expect(bells.open()).toBe(false)
  bells.ring(THEIRS, 'test!lock')
  bells.sweep(() => true, 0)
  expect(readdirSync(path)).toEqual([THEIRS])
  expect(statSync(join(path, THEIRS)).size).toBe(0)
  expect(canHangBells(path, trusting([STRANGER]))).toBe(true)
})

onUnix('a folder of bells that is a symlink is not used', () => {
  const [place, elsewhere] = [folder(), folder()]
  const path = join(place, 'locks.db.bells')
  symlinkSync(elsewhere, path)
  writeFileSync(join(elsewhere, THEIRS), '')
  const bells = bellsIn(path)
  expect(canHangBells(path, trusting([]))).toBe(false)
  expect(bells.open()).toBe(false)
  bells.ring(THEIRS, 'test!lock')
  bells.sweep(() => true, 0)
  expect(readdirSync(elsewhere)).toEqual([THEIRS])
  expect(statSync(join(elsewhere, THEIRS)).size).toBe(0)
})

onUnix('a bell that was hung under our name before us is not taken over', () => {
  const [path, target] = [folder(), victim()]
  symlinkSync(target, join(path, '1.1.1.1.a'))
  expect(bellsIn(path).open()).toBe(false)
  expect(readFileSync(target, 'utf8')).toBe('precious')
  expect(lstatSync(target).size).toBe('precious'.length)
})

test.each(['test!lock\nrm -rf /', 'test!lock\u{1b}[2J', 'test!lock é', ''])(
  'a bell is not rung for %j, which is not one line of printable ASCII',
  (subject) => {
    const path = folder()
    writeFileSync(join(path, THEIRS), '')
    bellsIn(path).ring(THEIRS, subject)
    expect(statSync(join(path, THEIRS)).size).toBe(0)
  },
)

test.each(['.bashrc', 'hosts', 'a.b.c.d.e', '1.1.1.1', '1.1.1.1.a/b', '1.1.1.1.g'])(
  '%j is no name of a bell',
  (name) => {
    const path = folder()
    if (!name.includes('/')) writeFileSync(join(path, name), '')
    const bells = bellsIn(path)
    bells.ring(name, 'test!lock')
    bells.sweep(() => true, Number.MAX_SAFE_INTEGER)
    if (!name.includes('/')) expect(statSync(join(path, name)).size).toBe(0)
  },
)

onUnix('bells are as private as the lock file, or as open to its group', () => {
  const mode = (path: string): number => statSync(path).mode & 0o7777
  const [own, shared] = [join(folder(), 'bells'), join(folder(), 'bells')]
  bellsIn(own).open()
  bellsIn(shared, true).open()
  expect([own, join(own, '1.1.1.1.a')].map(mode)).toEqual([0o700, 0o600])
  expect([shared, join(shared, '1.1.1.1.a')].map(mode)).toEqual([0o770, 0o620])
})

test('asking whether bells can be hung makes none', () => {
  const place = folder()
  expect(canHangBells(join(place, 'locks.db.bells'), trusting([]))).toBe(true)
  expect(existsSync(join(place, 'locks.db.bells'))).toBe(false)
})
