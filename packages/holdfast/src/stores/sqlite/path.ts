/** Where the lock file is, and whether it may be there: folders, permissions, symlinks, file systems. */
import { accessSync, closeSync, constants, lstatSync, openSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import { systemCode, unavailable } from './errors.ts'
import { makeFolder as makeFolderOf } from './make-folder.ts'
import { refuseMountPoint } from './mounts.ts'
import type { IsTrusted } from './ownership.ts'
import { refuseStrangers } from './strangers.ts'

const PRIVATE_FILE = 0o600
const PRIVATE_FOLDER = 0o700
const NO_PERMISSION =
  'cannot be read and written by this user: give it both permissions for the file and its folder, or choose another path'

/**
 * File systems that several machines may share (Linux `statfs` types). Their locks are not those of one machine, and a
 * WAL file needs memory that all of its users share. FUSE hides sshfs, virtiofs and others like them.
 */
const SHARED_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x01021997, '9p'],
  [0x65735546, 'FUSE'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x73757245, 'Coda'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x786f4256, 'VirtualBox shared folders'],
  [0xbacbacbc, 'VMware shared folders'],
])

/**
 * The lock file of this user: `$XDG_STATE_HOME` or `~/.local/state`, and what other systems have in its place. Throws
 * `Misuse` where this user has no home: a lock file in the working directory would lock nobody out.
 */
export function defaultPath(): string {
  const { XDG_STATE_HOME: stateHome, LOCALAPPDATA: localData } = process.env
  const folder = stateFolder(process.platform, homeFolder(), { stateHome, localData })
  if (isAbsolute(folder)) return join(folder, 'holdfast', 'locks.db')
  throw new Misuse(
    'there is no home folder for the default lock file (HOME): give sqlite() a path, or set XDG_STATE_HOME to a folder',
  )
}

/** Empty for a user without one: a number that was given to a container has no entry anywhere. */
function homeFolder(): string {
  try {
    return homedir()
  } catch {
    return ''
  }
}

export function stateFolder(
  platform: NodeJS.Platform,
  home: string,
  variables: { readonly stateHome: string | undefined; readonly localData: string | undefined },
): string {
  const { stateHome, localData } = variables
  // The XDG specification says that a relative path is to be ignored.
  if (stateHome !== undefined && isAbsolute(stateHome)) return stateHome
  if (platform === 'darwin') return join(home, 'Library', 'Application Support')
  if (platform === 'win32') return localData ?? join(home, 'AppData', 'Local')
  return join(home, '.local', 'state')
}

export interface PathRules {
  /** As it was given, absolute. */
  readonly path: string
  /** Only the default folder is made: a given path with a missing folder is a typo or a missing mount. */
  readonly makeFolder: boolean
  readonly isTrusted: IsTrusted
}

/**
 * The real path of the lock file: symlinks are followed, so that all names of a file share its locks. `undefined` when
 * there is none yet. Makes nothing, and refuses what can never become a lock file.
 */
export function findFile({ path, makeFolder, isTrusted }: PathRules): string | undefined {
  const folder = dirname(path)
  try {
    if (makeFolder && isMissing(folder)) {
      refuseUnwritable(nearest(folder))
      return undefined
    }
    const file = join(realpathSync(folder), basename(path))
    refuseSharedFileSystem(path, statfsSync(dirname(file)).type)
    refuseStrangers(file, isTrusted)
    const found = existing(file)
    if (found === undefined) refuseUnmakeable(file)
    else if (found !== file) refuseStrangers(found, isTrusted)
    return found
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : unreachable(path, folder, error)
  }
}

/** The same, with a file that is made when there is none, private to this user. Refuses one that cannot be written. */
export function prepareFile(rules: PathRules): string {
  const { path, makeFolder } = rules
  const folder = dirname(path)
  try {
    if (makeFolder) makeFolderOf(folder, PRIVATE_FOLDER)
    const found = findFile(rules) ?? created(join(realpathSync(folder), basename(path)))
    refuseReadOnly(found)
    return found
  } catch (error) {
    throw error instanceof StoreUnavailable ? error : unreachable(path, folder, error)
  }
}

export function refuseSharedFileSystem(path: string, type: number): void {
  const name = process.platform === 'linux' ? SHARED_FILE_SYSTEMS.get(type) : undefined
  if (name === undefined) return
  throw unavailable(
    path,
    `is on a file system that other machines may share (${name}), where a file cannot carry locks: ` +
      'choose a path on a local disk, or a store with a server for locks across machines',
  )
}

function existing(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false })
  if (stats === undefined) return undefined
  if (stats.isDirectory())
    throw unavailable(file, `is a folder: give the path of a file, such as ${join(file, 'locks.db')}`)
  if (!stats.isFile()) throw unavailable(file, 'is neither a file nor missing: choose another path')
  refuseUnreadable(file)
  const real = realpathSync(file)
  refuseMountPoint(real)
  if (real !== file) refuseSharedFileSystem(file, statfsSync(dirname(real)).type)
  return real
}

function isMissing(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) === undefined
}

/** The folder that is there, of all that lead to this one. */
function nearest(folder: string): string {
  return isMissing(folder) && dirname(folder) !== folder ? nearest(dirname(folder)) : folder
}

function refuseUnwritable(folder: string): void {
  accessSync(folder, constants.W_OK | constants.X_OK)
}

/** Said at the first look, and not only when something is to be written. */
function refuseUnmakeable(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined)
    throw unavailable(file, 'is a symlink to nothing: remove it, or create its target')
  refuseUnwritable(dirname(file))
}

function refuseUnreadable(file: string): void {
  try {
    accessSync(file, constants.R_OK)
  } catch (error) {
    throw unavailable(file, NO_PERMISSION, error)
  }
}

/** SQLite would open it all the same, and fail only when something changes. */
function refuseReadOnly(file: string): void {
  try {
    accessSync(file, constants.R_OK | constants.W_OK)
  } catch (error) {
    throw unavailable(file, NO_PERMISSION, error)
  }
}

function created(file: string): string {
  try {
    // SQLite gives its -wal and -shm files the mode of this one. Only a file that is new may be closed here: closing any
    // other descriptor of a file drops all locks that this process has on it, SQLite's too.
    closeSync(openSync(file, 'wx', PRIVATE_FILE))
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
  return realpathSync(file)
}

function unreachable(path: string, folder: string, error: unknown): StoreUnavailable {
  switch (systemCode(error)) {
    case 'ENOENT':
      return unavailable(path, `cannot be created: there is no folder ${folder}. Create it, or correct the path`, error)
    case 'ENOTDIR':
      return unavailable(path, `cannot be created: ${folder} is not a folder. Correct the path`, error)
    case 'EACCES':
    case 'EPERM':
      return unavailable(
        path,
        `cannot be reached: this user may not write to ${folder}. Change that, or the path`,
        error,
      )
    case 'EROFS':
      return unavailable(path, `cannot be created: ${folder} is on a read-only file system. Choose another path`, error)
    case 'ENOSPC':
    case 'EDQUOT':
      return unavailable(path, 'cannot be created: the disk is full. Free some space', error)
    default:
      return unavailable(path, `cannot be reached (${systemCode(error) ?? String(error)})`, error)
  }
}
