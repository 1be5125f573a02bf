/**
 * Whether the lock file, its -wal and its -shm are still the ones that were opened. SQLite goes on working with files
 * that were removed, where what it writes reaches nobody: no answer is worth anything before this was asked.
 */
import { type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { OutcomeUnknown } from '../../store/errors.ts'

/** Longer than a step of any file system's clock: later changes of the folder bear another time than earlier ones. */
const SETTLED_AFTER_MS = 3_000

export class FileIdentity {
  readonly #folder: string
  readonly #names: readonly string[]
  readonly #files: readonly Stats[]
  readonly #monotonicMs: () => number
  /** The folder when its files were last found to be the same ones, and since when it looked so. */
  #looked: { readonly folder: Stats; readonly sinceMs: number; readonly isSettled: boolean } | undefined

  private constructor(names: readonly string[], files: readonly Stats[], monotonicMs: () => number) {
    this.#folder = dirname(names[0] ?? '')
    this.#names = names
    this.#files = files
    this.#monotonicMs = monotonicMs
  }

  /** Of the three files as they are now; `undefined` when one is missing. `path` may be a symlink to the real path. */
  static of(path: string, real: string, monotonicMs: () => number): FileIdentity | undefined {
    const names = [path, `${real}-wal`, `${real}-shm`]
    const files = names.map(statQuietly).filter((file) => file !== undefined)
    return files.length < names.length ? undefined : new FileIdentity(names, files, monotonicMs)
  }

  /** Before a step, to be spared a step for nothing: by the look of the folder, which costs half a microsecond. */
  looksCurrent(): boolean {
    const folder = statQuietly(this.#folder)
    return folder !== undefined && (isUnchanged(folder, this.#looked?.folder) || this.#isCurrent(folder))
  }

  /** Costs as much when nothing was made or removed in the folder for a while, and three microseconds otherwise. */
  isCurrent(): boolean {
    const folder = statQuietly(this.#folder)
    if (folder === undefined) return false
    return (this.#looked?.isSettled === true && isUnchanged(folder, this.#looked.folder)) || this.#isCurrent(folder)
  }

  /** After a commit: what went to a file that has no name any more was seen by nobody, or by some only. */
  assertCurrent(): void {
    if (this.isCurrent()) return
    throw new OutcomeUnknown(
      `the lock file ${this.#names[0]}, or its -wal or -shm, was removed or replaced while a change was being committed`,
    )
  }

  #isCurrent(folder: Stats): boolean {
    const looked = this.#looked
    this.#looked = undefined
    for (const [index, name] of this.#names.entries()) {
      if (!isSame(statQuietly(name), this.#files[index])) return false
    }
    const nowMs = this.#monotonicMs()
    const sinceMs = isUnchanged(folder, looked?.folder) ? (looked?.sinceMs ?? nowMs) : nowMs
    // What a symlink from elsewhere leads to does not show in its folder.
    const isSettled = nowMs - sinceMs > SETTLED_AFTER_MS && isSame(statQuietly(dirname(this.#names[1] ?? '')), folder)
    this.#looked = { folder, sinceMs, isSettled }
    return true
  }
}

/** Making, removing and renaming in a folder changes its ctime, which nobody can set. */
function isUnchanged(folder: Stats, before: Stats | undefined): boolean {
  return folder.ctimeMs === before?.ctimeMs && isSame(folder, before)
}

function isSame(file: Stats | undefined, other: Stats | undefined): boolean {
  return file !== undefined && file.ino === other?.ino && file.dev === other.dev
}

/** Whatever is wrong with a path, what was opened is not found there. */
function statQuietly(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
