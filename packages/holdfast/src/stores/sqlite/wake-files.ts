/**
 * How processes wake one another: each has a file of its own in `<lock file>.bells`, to which the others append what
 * it should look at. A bell only says "look", so everything here may fail, come twice or be lost, and only costs time.
 *
 * The names come out of a file that others can write, and the folder may be one that others prepared. Nothing is opened
 * through a link, nothing blocks, and nothing is written to or emptied but bells (ownership.ts).
 */
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  type FSWatcher,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  type Stats,
  statSync,
  unlinkSync,
  watch,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { systemCode } from './errors.ts'
import { isPlainFile, type IsTrusted, mayBeUsed } from './ownership.ts'

export interface BellsOptions {
  /** `<lock file>.bells`. */
  readonly folder: string
  /** The name of the own bell: the channel that claims carry. */
  readonly own: string
  readonly isTrusted: IsTrusted
  /** Whether the group may ring as well. */
  readonly isShared: boolean
  /** What was rung for, or `undefined` for "look at everything": some of it may have been missed. */
  readonly onRing: (subjects: readonly string[] | undefined) => void
}

/** A process identity and a number of the store (process-identity.ts, lock-file.ts): no other file has such a name. */
const CHANNEL = /^\d{1,10}\.\d{1,20}\.\d{1,20}\.[0-9a-f]{1,16}\.[0-9a-f]{1,20}$/
/** What a bell may be rung for: one line of printable ASCII. */
const SUBJECT = /^[\x20-\x7e]{1,2000}$/
/** Not on Windows, which has none of them. */
const { O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants>
const APPEND_IF_PRESENT = constants.O_WRONLY | constants.O_APPEND | O_NOFOLLOW | O_NONBLOCK
const CREATE_OWN = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL | O_NOFOLLOW
/** A bell file that grew beyond this is emptied. */
const BELL_BYTES_MAX = 65_536
/** Left-over bells looked at when a store opens. */
const SWEPT_MAX = 1_000
/** A bell nobody can judge, of another container or of an earlier boot, is taken down when it was not rung for this long. */
const FORGOTTEN_MS = 7 * 24 * 60 * 60 * 1000

/** Whether a process could be woken beside this lock file. Writes nothing. */
export function canHangBells(folder: string, isTrusted: IsTrusted): boolean {
  try {
    const beside = dirname(folder)
    const existing = lstatSync(folder, { throwIfNoEntry: false })
    if (existing === undefined) accessSync(beside, constants.W_OK | constants.X_OK)
    else if (!isUsableFolder(existing, statSync(beside), isTrusted)) return false
    else accessSync(folder, constants.W_OK | constants.X_OK)
    watch(beside, { persistent: false }).close()
    return true
  } catch {
    return false
  }
}

export class WakeFiles {
  readonly #options: BellsOptions
  #bell: { readonly watcher: FSWatcher; readonly descriptor: number } | undefined
  #read = 0
  #closed = false

  constructor(options: BellsOptions) {
    this.#options = options
  }

  /** Answers whether this process can be woken; without it everything works, later. */
  open(): boolean {
    this.#silence()
    try {
      this.#bell = this.#hang()
      return true
    } catch {
      return false
    }
  }

  /** Removes the bells of processes that were killed, and those that were left so long ago that nobody can say. */
  sweep(isGone: (channel: string) => boolean, wallMs: number): void {
    const { folder } = this.#options
    if (this.#folder() === undefined) return
    for (const name of orNothing(() => readdirSync(folder))?.slice(0, SWEPT_MAX) ?? []) {
      const path = join(folder, name)
      const isForgotten = (): boolean => lstatSync(path).mtimeMs < wallMs - FORGOTTEN_MS
      if (CHANNEL.test(name) && (isGone(name) || orNothing(isForgotten) === true)) orNothing(() => unlinkSync(path))
    }
  }

  /** Rings for a subject. A missing bell means that the process is gone or deaf. */
  ring(channel: string, subject: string): void {
    if (!CHANNEL.test(channel) || !SUBJECT.test(subject)) return
    const { folder, isTrusted } = this.#options
    orNothing(() => {
      const bells = this.#folder()
      if (bells === undefined) return
      // Not kept open: a bell that was removed and hung again would never hear us. 10 µs, and only when a lock changes hands.
      const descriptor = openSync(join(folder, channel), APPEND_IF_PRESENT)
      try {
        const bell = fstatSync(descriptor)
        if (isPlainFile(bell) && mayBeUsed(bell, bells, isTrusted)) writeSync(descriptor, `${subject}\n`)
      } finally {
        closeSync(descriptor)
      }
    })
  }

  close(): void {
    this.#closed = true
    this.#silence()
    orNothing(() => unlinkSync(join(this.#options.folder, this.#options.own)))
  }

  #hang(): { readonly watcher: FSWatcher; readonly descriptor: number } {
    const { folder, own, isShared } = this.#options
    const path = join(folder, own)
    this.#makeFolder()
    if (this.#folder() === undefined) throw new Error(`${folder} was prepared by another user`)
    const descriptor = openSync(path, CREATE_OWN, 0o600)
    try {
      if (isShared) fchmodSync(descriptor, 0o620)
      this.#read = 0
      const watcher = watch(path, { persistent: false }, () => this.#onChange())
      watcher.on('error', () => this.#silence())
      return { watcher, descriptor }
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
  }

  #makeFolder(): void {
    const { folder, isShared } = this.#options
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return
      throw error
    }
    if (!isShared) return
    const descriptor = openSync(folder, constants.O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    try {
      // Together with the bit that gives new bells the group of the folder, where the folder above has it.
      fchmodSync(descriptor, (fstatSync(descriptor).mode & 0o2000) | 0o770)
    } finally {
      closeSync(descriptor)
    }
  }

  /** The folder of the bells, unless a stranger prepared it. */
  #folder(): Stats | undefined {
    const { folder, isTrusted } = this.#options
    const bells = lstatSync(folder, { throwIfNoEntry: false })
    return bells !== undefined && isUsableFolder(bells, statSync(dirname(folder)), isTrusted) ? bells : undefined
  }

  #silence(): void {
    const bell = this.#bell
    this.#bell = undefined
    if (bell === undefined) return
    bell.watcher.close()
    orNothing(() => closeSync(bell.descriptor))
  }

  /** Called by the event loop, where nobody could catch anything. */
  #onChange(): void {
    const bell = this.#bell
    if (bell === undefined || this.#closed) return
    let subjects: readonly string[] | undefined
    try {
      const { nlink, size } = fstatSync(bell.descriptor)
      if (nlink === 0) this.open()
      else subjects = this.#heard(bell.descriptor, size)
    } catch {
      // Unreadable is the same as too much to read: look at everything.
    }
    if (subjects === undefined || subjects.length > 0) this.#options.onRing(subjects)
  }

  /** What was appended since the last time, or `undefined` when the file had to be emptied. */
  #heard(descriptor: number, size: number): readonly string[] | undefined {
    if (size > BELL_BYTES_MAX) {
      ftruncateSync(descriptor, 0)
      this.#read = 0
      return undefined
    }
    if (size < this.#read) this.#read = 0
    const bytes = Buffer.allocUnsafe(size - this.#read)
    const length = readSync(descriptor, bytes, 0, bytes.length, this.#read)
    const text = bytes.toString('latin1', 0, length)
    // The last piece is a line still being written, or nothing.
    const end = text.lastIndexOf('\n') + 1
    this.#read += end
    return text.slice(0, end).split('\n').slice(0, -1)
  }
}

function isUsableFolder(bells: Stats, beside: Stats, isTrusted: IsTrusted): boolean {
  return bells.isDirectory() && mayBeUsed(bells, beside, isTrusted)
}

function orNothing<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
