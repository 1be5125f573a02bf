/**
 * Whether the lock file, its -wal and its -shm are still the ones that were opened. SQLite goes on working with files
 * that were removed, where what it writes reaches nobody: no answer is worth anything before this was asked.
 */
import { type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { OutcomeUnknown } from '../../store/errors.ts'

/** Longer than any step of a file system's clock: later changes of the folder bear another time than earlier ones. */
const SETTLED_AFTER_MS = 100

export class FileIdentity {
  readonly #folder: string
  readonly #names: readonly string[]
  readonly #inodes: readonly string[]
  readonly #monotonicMs: () => number
  /** The folder as it was when its files were last found to be the same ones, and since when it looked so. */
  #looked: { readonly folder: Stats; readonly sinceMs: number; readonly isSettled: boolean } | undefined

  private constructor(names: readonly string[], inodes: readonly string[], monotonicMs: () => number) {
    this.#folder = dirname(names[0] ?? '')
    this.#names = names
    this.#inodes = inodes
    this.#monotonicMs = monotonicMs
  }

  /** Of the three files as they are now; `undefined` when one is missing. `path` may be a symlink to the real path. */
  static of(path: string, real: string, monotonicMs: () => number): FileIdentity | undefined {
    const names = [path, `${real}-wal`, `${real}-shm`]
    const inodes = names.map(inodeOf).filter((inode) => inode !== undefined)
    return inodes.length < names.length ? undefined : new FileIdentity(names, inodes, monotonicMs)
  }

  /** Costs half a microsecond while nothing is made or removed in the folder, and two otherwise. */
  isCurrent(): boolean {
    const folder = statQuietly(this.#folder)
    if (folder === undefined) return false
    const looked = isSame(folder, this.#looked?.folder) ? this.#looked : undefined
    if (looked?.isSettled === true) return true
    if (!this.#names.every((name, index) => inodeOf(name) === this.#inodes[index])) return false
    const nowMs = this.#monotonicMs()
    const sinceMs = looked?.sinceMs ?? nowMs
    // What a symlink from elsewhere leads to does not show in its folder.
    const isSettled = nowMs - sinceMs > SETTLED_AFTER_MS && this.#isInFolder(folder)
    this.#looked = { folder, sinceMs, isSettled }
    return true
  }

  /** After a commit: what went to a file that has no name any more was seen by nobody, or by some only. */
  assertCurrent(): void {
    if (this.isCurrent()) return
    throw new OutcomeUnknown(
      `the lock file ${this.#names[0]}, or its -wal or -shm, was removed or replaced while a change was being committed`,
    )
  }

  #isInFolder(folder: Stats): boolean {
    const own = statQuietly(dirname(this.#names[1] ?? ''))
    return own?.ino === folder.ino && own.dev === folder.dev
  }
}

/** Making, removing and renaming in a folder changes its ctime, which nobody can set. */
function isSame(folder: Stats, before: Stats | undefined): boolean {
  return folder.ctimeMs === before?.ctimeMs && folder.ino === before.ino && folder.dev === before.dev
}

function inodeOf(name: string): string | undefined {
  const stats = statQuietly(name)
  return stats && `${stats.dev}.${stats.ino}`
}

/** Whatever is wrong with a path, what was opened is not found there. */
function statQuietly(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
