/**
 * Which clock is wrong, when a token is further ahead of this machine's clock than can be. A guard sees two: the one that
 * tokens are made by, and its own. What it saw of both before tells which of them was set since.
 */
import { type Clock, type Stamp, stampOf } from '../time/clock.ts'

/** A difference that is worth a word: clocks are slewed and read at different moments. */
const SET_MS_MIN = 60_000

export class ClockWitness {
  readonly #clock: Clock
  readonly #made: Stamp
  /** By how much the last token that was admitted was ahead of this machine's clock. */
  #lastAheadMs: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#made = stampOf(clock)
  }

  admitted(token: bigint, wallMs: number): void {
    this.#lastAheadMs = msOf(token) - wallMs
  }

  /** A sentence about the token that was refused. */
  verdictOn(token: bigint): string {
    const now = stampOf(this.#clock)
    const setBackMs = this.#made.wallMs + now.monotonicMs - this.#made.monotonicMs - now.wallMs
    if (setBackMs >= SET_MS_MIN) {
      return `This machine's clock was set back by ${spanOf(setBackMs)} since the guard was made: look at this one first.`
    }
    if (this.#lastAheadMs === undefined) {
      return 'One of the two clocks is wrong, or the token is forged: compare both with a third one.'
    }
    const jumpedMs = msOf(token) - now.wallMs - this.#lastAheadMs
    return (
      `The last token it admitted was ${spanOf(Math.abs(this.#lastAheadMs))} ${this.#lastAheadMs < 0 ? 'behind' : 'ahead of'} ` +
      `this clock, which went evenly since. So the clock that makes the tokens was set forward by ${spanOf(jumpedMs)}, or ` +
      'the token is forged.'
    )
  }
}

export function dateOf(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? 'no date' : date.toISOString()
}

export function msOf(token: bigint): number {
  return Number(token / 1000n)
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const

/** For people: the largest unit alone. */
function spanOf(ms: number): string {
  for (const [unit, unitMs] of UNITS) if (ms >= unitMs) return `${(ms / unitMs).toFixed(1).replace(/\.0$/, '')} ${unit}`
  return `${Math.round(ms / 1000)} s`
}
