/**
 * Who in this process has a lock file open. SQLite gives all connections of a process to one file the same shared memory:
 * as long as one of them works with files that were removed, a new one would mix the old memory with the new files. So
 * all have to let go before any opens the path again.
 */
import { readdirSync, readlinkSync } from 'node:fs'
import { NotApplied } from '../../store/errors.ts'

export interface FileUser {
  isCurrent(): boolean
  letGo(): void
}

const usersByPath = new Map<string, Set<FileUser>>()

export function addUser(path: string, user: FileUser): void {
  const users = usersByPath.get(path) ?? new Set()
  usersByPath.set(path, users.add(user))
}

export function removeUser(path: string, user: FileUser): void {
  const users = usersByPath.get(path)
  users?.delete(user)
  if (users?.size === 0) usersByPath.delete(path)
}

/** Before anything under this real path is opened: ends the use of files that are not there any more. */
export function releaseRemoved(path: string): void {
  for (const user of usersByPath.get(path) ?? []) if (!user.isCurrent()) user.letGo()
  if (!isRemovedMemoryOpen(path)) return
  throw new NotApplied(
    `the lock file ${path} lost its -shm file, and another thread of this process has not let go of the old one yet`,
  )
}

/** Where this cannot be seen, the users that are known have to do. */
function isRemovedMemoryOpen(path: string): boolean {
  const removed = `${path}-shm (deleted)`
  try {
    return readdirSync('/proc/self/fd').some((descriptor) => linkOf(descriptor) === removed)
  } catch {
    return false
  }
}

function linkOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`)
  } catch {
    return undefined
  }
}
