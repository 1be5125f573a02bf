/**
 * Forgetting lines nobody uses, a few at a time, so that a program with ever new names does not fill the disk. Their
 * highest token stays behind as the floor of all lines, so that no token can come back.
 */
import type { Moment } from '../../line/transition.ts'
import type { NamedRecord } from './engine.ts'
import { idleRecord } from './idle-record.ts'

/** Some lines in key order, all in all. */
export interface Survey {
  /** `null` when there are none. */
  readonly last: string | null
  readonly count: bigint
  /** The lowest of their tokens. */
  readonly oldest: bigint | null
}

export interface PrunableLines {
  survey(cursor: string, limit: number): Survey
  /** One transaction, in which the lines are scanned and removed. */
  transact(work: (now: Moment) => void): void
  /** Lines behind the cursor in key order, whatever they hold. */
  scan(cursor: string, limit: number): readonly NamedRecord[]
  /** Forgets these lines and keeps their tokens from coming back. */
  remove(lines: readonly NamedRecord[]): void
}

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

  /** One bounded transaction, if there is anything to forget; goes round all lines in many of them. */
  forgetSome(lines: PrunableLines, { tokenScaleUs }: Moment): void {
    if (tokenScaleUs < this.#restsUntilUs) return
    const cursor = this.#cursor
    const { last, count, oldest } = lines.survey(cursor, LINES_AT_ONCE)
    this.#cursor = count < LINES_AT_ONCE ? '' : (last ?? '')
    if (oldest === null || oldest + KEPT_US >= tokenScaleUs) {
      if (cursor === '' && count < LINES_AT_ONCE) this.#restsUntilUs = (oldest ?? tokenScaleUs) + KEPT_US
      return
    }
    lines.transact((now) => {
      const idle = lines.scan(cursor, LINES_AT_ONCE).filter((entry) => mayBeForgotten(entry, now))
      if (idle.length > 0) lines.remove(idle)
    })
  }
}

function mayBeForgotten(record: NamedRecord, now: Moment): boolean {
  const idle = idleRecord(record, now)
  return idle?.observers.length === 0 && idle.line.lastToken + KEPT_US < now.tokenScaleUs
}
