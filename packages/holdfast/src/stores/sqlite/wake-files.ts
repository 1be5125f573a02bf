/**
 * How processes wake one another: each has a file of its own in `<lock file>.bells`, to which the others append what
 * it should look at. A bell only says "look", so everything here may fail, come twice or be lost, and only costs time.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  type FSWatcher,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  unlinkSync,
  watch,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { systemCode } from './errors.ts'

export interface BellsOptions {
  readonly folder: string
  /** The name of the own bell: the channel that claims carry. */
  readonly own: string
  /** What was rung for, or `undefined` for "look at everything": some of it may have been missed. */
  readonly onRing: (subjects: readonly string[] | undefined) => void
}

/** Channels come out of a file that others can write, and become file names: nothing else may. */
const CHANNEL = /^[0-9a-z.]{1,100}$/
const APPEND_IF_PRESENT = constants.O_WRONLY | constants.O_APPEND
/** A bell file that grew beyond this is emptied. */
const BELL_BYTES_MAX = 65_536
/** Left-over bells looked at when a store opens. */
const SWEPT_MAX = 1_000

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

  /** Removes the bells of processes that were killed. */
  sweep(isGone: (channel: string) => boolean): void {
    const { folder } = this.#options
    for (const name of orNothing(() => readdirSync(folder))?.slice(0, SWEPT_MAX) ?? []) {
      if (CHANNEL.test(name) && isGone(name)) orNothing(() => unlinkSync(join(folder, name)))
    }
  }

  /** Rings for a subject, which must be one line. A missing bell means that the process is gone or deaf. */
  ring(channel: string, subject: string): void {
    if (!CHANNEL.test(channel)) return
    orNothing(() => {
      // Not kept open: a bell that was removed and hung again would never hear us. 10 µs, and only when a lock changes hands.
      const descriptor = openSync(join(this.#options.folder, channel), APPEND_IF_PRESENT)
      try {
        writeSync(descriptor, `${subject}\n`)
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
    const { folder, own } = this.#options
    try {
      mkdirSync(folder, { mode: 0o700 })
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
    const path = join(folder, own)
    const descriptor = openSync(path, 'a+', 0o600)
    try {
      this.#read = 0
      const watcher = watch(path, { persistent: false }, () => this.#onChange())
      watcher.on('error', () => this.#silence())
      return { watcher, descriptor }
    } catch (error) {
      closeSync(descriptor)
      throw error
    }
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

function orNothing<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
