/**
 * Whose files may be used. A lock file that another user prepared gives that user our locks, and what lies beside it may
 * lead anywhere: so nothing is followed that others could have put there, and who shares a file says so.
 */
import type { Stats } from 'node:fs'

/** Tells a user whose files count as ours from a stranger. */
export type IsTrusted = (uid: number) => boolean

const ROOT = 0
const EVERYBODY_WRITES = 0o002
const GROUP_WRITES = 0o020

/** This user, root, and those that were named. Windows has no such owners, and there everybody is trusted. */
export function trusting(users: readonly number[]): IsTrusted {
  const own = process.geteuid?.()
  if (own === undefined) return () => true
  const trusted = new Set([own, ROOT, ...users])
  return (uid) => trusted.has(uid)
}

/**
 * Whether something in a folder of a trusted user may be used. The owner decided who may write there; only where that is
 * everybody, as in /tmp, each file has to belong to a trusted user as well.
 */
export function mayBeUsed(file: Stats, folder: Stats, isTrusted: IsTrusted): boolean {
  return (folder.mode & EVERYBODY_WRITES) === 0 || isTrusted(file.uid)
}

/** Not a link, not a pipe that blocks, not a device, and under no other name. */
export function isPlainFile(file: Stats): boolean {
  return file.isFile() && file.nlink === 1
}

/** Whether its owner lets the group write, and so shares it. */
export function isSharedWithGroup(file: Stats): boolean {
  return (file.mode & GROUP_WRITES) !== 0
}
