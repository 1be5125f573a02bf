/** Refuses a lock file, and what SQLite opens beside it, where another user may have prepared it. */
import { lstatSync, type Stats, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { unavailable } from './errors.ts'
import { isPlainFile, type IsTrusted, mayBeUsed } from './ownership.ts'

/** What SQLite makes and opens beside a file, by its name alone. */
const COMPANIONS = ['-wal', '-shm', '-journal'] as const
const WAYS_OUT =
  'have it given to this user or to root, name that user in the option trustedUsers, or choose another path'

/** `file` is a path without symlinks in its folder; what it names may be a symlink itself, or missing. */
export function refuseStrangers(file: string, isTrusted: IsTrusted): void {
  const folder = statSync(dirname(file))
  if (!isTrusted(folder.uid)) {
    throw unavailable(file, `is in a folder of another user (uid ${folder.uid}), who could replace it: ${WAYS_OUT}`)
  }
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return
  refuseOwner(file, found, folder, isTrusted)
  if (found.isFile() && found.nlink > 1) {
    throw unavailable(
      file,
      `has ${found.nlink} names (hard links), and users of different names would not see one another's locks: ` +
        'remove all names but one',
    )
  }
  for (const end of COMPANIONS) refuseCompanion(file + end, folder, isTrusted)
}

function refuseCompanion(file: string, folder: Stats, isTrusted: IsTrusted): void {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return
  refuseOwner(file, found, folder, isTrusted)
  if (isPlainFile(found)) return
  throw unavailable(file, `is not a plain file with one name, as ${basename(file)} has to be: find out who made it`)
}

function refuseOwner(file: string, found: Stats, folder: Stats, isTrusted: IsTrusted): void {
  if (mayBeUsed(found, folder, isTrusted)) return
  throw unavailable(
    file,
    `belongs to another user (uid ${found.uid}), in a folder that everybody may write to: ${WAYS_OUT}`,
  )
}
