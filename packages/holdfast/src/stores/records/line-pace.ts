/**
 * When a waiter of an engine that cannot push looks again: soon while its line moves, and the sooner the fewer stand before
 * it. A line that stands still is looked at less and less.
 */
import type { Line } from '../../line/line.ts'
import type { Clock } from '../../time/clock.ts'

/** How soon a waiter looks again, at the soonest. */
export interface PaceLimits {
  readonly lookMsMin: number
  /** For each waiter ahead. */
  readonly lookMsPerWaiter: number
}

/**
 * A holder of a millisecond is followed as soon; the share below makes the looks at a longer one few all the same. No line
 * moves much faster than the second over a network and a disk.
 */
const LIMITS_DEFAULT: PaceLimits = { lookMsMin: 1, lookMsPerWaiter: 10 }
/** Of the time in which nobody was granted anything. */
const LOOK_SHARE = 1 / 4
/** Waiters that are remembered; one that was forgotten looks as soon as a new one. */
const KNOWN_MAX = 10_000

interface PacedWaiter {
  readonly token: bigint
  readonly sinceMs: number
}

export class LinePace {
  readonly #clock: Clock
  readonly #limits: PaceLimits
  /** By claim: the last grant in its line, and since when that is so as far as is known here. */
  readonly #seen = new Map<string, PacedWaiter>()

  constructor(clock: Clock, limits: PaceLimits = LIMITS_DEFAULT) {
    this.#clock = clock
    this.#limits = limits
  }

  recheckInMs({ lastToken, claims }: Line, id: string): number {
    const nowMs = this.#clock.monotonicMs()
    const known = this.#seen.get(id)
    const sinceMs = known?.token === lastToken ? known.sinceMs : nowMs
    this.#seen.delete(id)
    this.#seen.set(id, { token: lastToken, sinceMs })
    if (this.#seen.size > KNOWN_MAX) for (const oldest of [...this.#seen.keys()].slice(0, 1)) this.#seen.delete(oldest)
    let ahead = 0
    for (const claim of claims) {
      if (claim.id === id) break
      if (claim.state === 'waiting') ahead += claim.count ?? 1
    }
    const { lookMsMin, lookMsPerWaiter } = this.#limits
    return Math.max(lookMsMin, lookMsPerWaiter * ahead, (nowMs - sinceMs) * LOOK_SHARE)
  }
}
