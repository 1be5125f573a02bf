/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Locks in a file of this machine: the default store. Nothing to install, no server; all processes of the machine that
 * open the same path share its locks. A process that is killed loses its locks within a tenth of a second where that can
 * be known (the same boot, the same pid namespace), and at the end of its ttl elsewhere.
 */
import { resolve } from 'node:path'
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { thisMachine } from './process-identity.ts'
import { defaultPath } from './path.ts'
import { sqliteStore } from './store.ts'

export { defaultPath } from './path.ts'

export interface SqliteOptions {
  /**
   * The lock file; a relative path counts from the working directory. It is created when it is missing, with access for
   * this user only, but its folder must exist: a lock file in a mistyped place would lock nobody out. It must be on a
   * local disk, and belongs to Holdfast alone.
   * @default `locks.db` in the folder `holdfast` of the user's state folder (`$XDG_STATE_HOME`, `~/.local/state`,
   * `~/Library/Application Support`, `%LOCALAPPDATA%`), which is created
   */
  readonly path?: string
  /**
   * `full` flushes every change to the disk before answering. Locks do not need it: a power cut ends all processes of
   * the machine, and tokens rise over it either way. @default 'normal'
   */
  readonly durability?: 'normal' | 'full'
  /**
   * Users (uid) whose files are trusted beside this user's and root's: a lock file or a folder of anybody else is refused.
   * Not needed in a folder of root's that only a group may write to. Means nothing on Windows. @default none
   */
  readonly trustedUsers?: readonly number[]
}

/** A store in one SQLite file. Opens nothing yet; throws `Misuse` when the options are wrong. */
export function sqlite(options: SqliteOptions = {}): Store {
  const { path, durability = 'normal', trustedUsers = [] } = options
  if (durability !== 'normal' && durability !== 'full') {
    throw new Misuse(`durability must be 'normal' or 'full', got ${JSON.stringify(durability)}`)
  }
  if (!Array.isArray(trustedUsers) || !trustedUsers.every((uid) => Number.isInteger(uid) && uid >= 0)) {
    throw new Misuse(`trustedUsers must be a list of user ids (uid), got ${JSON.stringify(trustedUsers)}`)
  }
  return sqliteStore({
    path: path === undefined ? defaultPath() : checkedPath(path),
    makeFolder: path === undefined,
    durability,
    trustedUsers,
    machine: thisMachine,
  })
}

function checkedPath(path: string): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) {
    throw new Misuse('path must be the path of a file, without NUL')
  }
  if (path.startsWith(':memory:') || path.startsWith('file:')) {
    throw new Misuse(
      `path must be the path of a file, got ${JSON.stringify(path)}: a database in memory or behind a URI is seen by ` +
        "this process alone. For locks within one process use memory() of 'holdfast/memory'.",
    )
  }
  return resolve(path)
}
