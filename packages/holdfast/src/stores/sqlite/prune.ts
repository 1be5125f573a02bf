/**
 * Forgetting lines nobody uses, a few at a time, so that a program with ever new names does not fill the disk. Their
 * highest token stays behind as the floor of the file, so that no token can come back.
 */
import type { Moment } from '../../line/transition.ts'
import { idleRecord } from '../records/idle-record.ts'
import type { LineDatabase } from './database.ts'
import type { StoredEntry } from './look.ts'

/** Every so many steps, so many lines are looked at: one for each step, and a line takes two. */
const STEPS_BETWEEN = 64
const LINES_AT_ONCE = 64
/** A name that was granted this recently is likely to be used again. */
const KEPT_US = 60_000_000n

export class IdleLinePruner {
  #cursor = ''
  #steps = 0
  /** Nothing that was there at the last look can be forgotten before this moment, and what came since is younger. */
  #restsUntilUs = 0n

  /** Whether it is time to forget some. */
  countStep(): boolean {
    this.#steps = (this.#steps + 1) % STEPS_BETWEEN
    return this.#steps === 0
  }

  /** One bounded transaction, if there is anything to forget; goes round the whole file in many of them. */
  forgetSome(file: LineDatabase, { tokenScaleUs }: Moment): void {
    if (tokenScaleUs < this.#restsUntilUs) return
    const cursor = this.#cursor
    const { last, count, oldest } = file.survey(cursor, LINES_AT_ONCE)
    this.#cursor = count < LINES_AT_ONCE ? '' : (last ?? '')
    if (oldest === null || oldest + KEPT_US >= tokenScaleUs) {
      if (cursor === '' && count < LINES_AT_ONCE) this.#restsUntilUs = (oldest ?? tokenScaleUs) + KEPT_US
      return
    }
    file.transact((now) => {
      const idle = file.scan(cursor, LINES_AT_ONCE).filter((entry) => mayBeForgotten(entry, now))
      if (idle.length > 0) file.remove(idle)
    })
  }
}

function mayBeForgotten(entry: StoredEntry, now: Moment): boolean {
  const idle = idleRecord(entry, now)
  return idle?.observers.length === 0 && idle.line.lastToken + KEPT_US < now.tokenScaleUs
}
