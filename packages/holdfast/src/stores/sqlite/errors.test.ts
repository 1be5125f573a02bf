/** What SQLite and the system say reaches the caller, and whether asking again can help. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { requireAbility, requireRoot } from '@holdfast/testbed/os/rights'
import { expect, test } from 'vitest'
import { Misuse } from '../../store/errors.ts'
import { environment } from '../opened.fixture.ts'
import { engineError, SQLITE, unavailable } from './errors.ts'
import { sqlite } from './index.ts'
import { folder } from './processes.fixture.ts'

function sqliteError(errcode: number, words: string): Error {
  return Object.assign(new Error(words), { errcode, code: 'ERR_SQLITE_ERROR' })
}

test.each([
  [SQLITE.READONLY, 'attempt to write a readonly database', true],
  [SQLITE.PERM, 'access permission denied', true],
  [SQLITE.FULL, 'database or disk is full', true],
  [SQLITE.CORRUPT, 'database disk image is malformed', true],
  [SQLITE.NOTADB, 'file is not a database', true],
  // Such as too many open files, which is over when some are closed.
  [SQLITE.CANTOPEN, 'unable to open database file', false],
  [SQLITE.IOERR, 'disk I/O error', false],
  [SQLITE.NOMEM, 'out of memory', false],
  [SQLITE.BUSY, 'database is locked', false],
])('SQLite %i, "%s", stands in the message; final: %s', (errcode, words, isFinal) => {
  const error = engineError(sqliteError(errcode, words), '/srv/locks.db', 'step')
  expect(error).toMatchObject({ message: expect.stringContaining(`The system said: ${words}`) as string, isFinal })
})

test('a commit that failed is unknown, in the words of SQLite, and may be asked about again', () => {
  const error = engineError(sqliteError(SQLITE.IOERR, 'disk I/O error'), '/srv/locks.db', 'commit')
  const message = expect.stringContaining('The system said: disk I/O error') as string
  expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', message, isFinal: false })
})

test('a file that is what it should not be stays so; a machine without descriptors does not', () => {
  expect(unavailable('/srv/locks.db', 'is the database of another program')).toMatchObject({ isFinal: true })
  const full = Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
  expect(unavailable('/srv/locks.db', 'cannot be reached', full)).toMatchObject({ isFinal: false })
})

test.each([
  ['a missing folder', (place: string) => join(place, 'missing', 'locks.db'), /ENOENT: no such file or directory/],
  [
    'a file for a folder',
    (place: string) => {
      writeFileSync(join(place, 'file'), '')
      return join(place, 'file', 'locks.db')
    },
    /ENOTDIR: not a directory/,
  ],
  [
    'links in a circle',
    (place: string) => {
      symlinkSync('locks.db', join(place, 'locks.db'))
      return join(place, 'locks.db')
    },
    /ELOOP/,
  ],
])('%s is final, and told in the words of the system', async (_, make, words) => {
  const opening = sqlite({ path: make(folder()) }).open(environment())
  await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', isFinal: true })
  await expect(opening).rejects.toThrow(words)
})

/** In a process of its own, because the default file depends on the environment. */
function openedByDefault(env: NodeJS.ProcessEnv, before: readonly string[] = []): string {
  const module = pathToFileURL(join(import.meta.dirname, 'index.ts')).href
  const program = `
    const { sqlite } = await import(${JSON.stringify(module)})
    try { sqlite(); console.log('made') } catch (error) { console.log(error.name + ': ' + error.message) }
    const timers = { addIn: () => ({}), cancel: () => {} }
    const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now(), schedule: setTimeout }
    try { await (await sqlite().open({ clock, timers, signal: new AbortController().signal, bounded: (call) => call })).close() }
    catch (error) { console.log(error.message) }`
  const [file, ...args] = [...before, process.execPath, '--input-type=module', '--eval', program]
  return execFileSync(file, args, {
    env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...env },
    encoding: 'utf8',
  })
}

test('without a home there is no default file, and none in the working directory', () => {
  expect(openedByDefault({ HOME: '' })).toMatch(
    `${Misuse.name}: there is no home folder for the default lock file (HOME)`,
  )
  expect(openedByDefault({ HOME: '', XDG_STATE_HOME: join(folder(), 'state') })).toBe('made\n')
})

test('a home on a read-only disk is called that, and not a folder to be created', async (context) => {
  await requireAbility(context, () => requireRoot('a read-only home'))
  const home = folder()
  mkdirSync(join(home, '.config'))
  const script = `mount --bind ${home} ${home} && mount -o remount,bind,ro ${home} && exec "$@"`
  const said = openedByDefault({ HOME: home }, ['unshare', '--mount', 'sh', '-c', script, 'sh'])
  expect(said).toMatch(/is on a read-only file system\. Choose another path.*EROFS/)
})
