/**
 * Which rows of a file bear moments of this clock. A generation begins where a process finds that it cannot know
 * (open.ts), and the processes before it learn of that from the rows that it wrote.
 */
import type { StoreUnavailable } from '../../store/errors.ts'
import { type ClockEpoch, decodeEpoch, isSameClock } from './epoch.ts'
import { unavailable } from './errors.ts'
import type { FileRow, OpenedFile } from './open.ts'
import { READ_FILE } from './schema.ts'

export class Generation {
  readonly #path: string
  readonly #opened: OpenedFile
  /** Of this process, by its clocks as they are now. */
  readonly #epoch: () => ClockEpoch
  #number: bigint
  /** Set once another machine was seen at work in this file; from then on nothing in it can be believed. */
  #shared: StoreUnavailable | undefined

  constructor(opened: OpenedFile, epoch: () => ClockEpoch) {
    this.#path = opened.path
    this.#opened = opened
    this.#epoch = epoch
    this.#number = opened.generation
  }

  get number(): bigint {
    return this.#number
  }

  assertAlone(): void {
    if (this.#shared !== undefined) throw this.#shared
  }

  /** Whether the moments in a row of this generation say something here. */
  covers(generation: bigint): boolean {
    return generation === this.#number || generation === this.fileRow().generation
  }

  /**
   * Another generation was begun by a process of this machine that could not know that the clock is the same, or by
   * another machine. Then only one can be right, and whoever it is, this one lets go: the other waits for that.
   */
  fileRow(): FileRow {
    const row = this.#opened.sql(READ_FILE).get() as unknown as FileRow | undefined
    if (row?.generation === this.#number) return row
    if (row !== undefined && isSameClock(decodeEpoch(row.epoch), this.#epoch())) {
      this.#number = row.generation
      return row
    }
    this.#shared = unavailable(
      this.#path,
      'is used by another machine, or by this one under another boot id and clock, at the same time: ' +
        'keep it on a local disk that no other machine shares',
    )
    throw this.#shared
  }
}
