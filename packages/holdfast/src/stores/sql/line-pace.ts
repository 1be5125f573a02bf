/**
 * When a waiter of an engine that cannot push looks again: soon while its line moves, and the sooner the fewer stand before
 * it. A line that stands still is looked at less and less.
 */
import type { Line } from '../../line/line.ts'
import type { Clock } from '../../time/clock.ts'

/** A holder of a millisecond is followed as soon; the share below makes the looks at a longer one few all the same. */
const LOOK_MS_MIN = 1
/** For each waiter ahead: no line moves much faster over a network and a disk. */
const LOOK_MS_PER_WAITER = 10
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
  /** By claim: the last grant in its line, and since when that is so as far as is known here. */
  readonly #seen = new Map<string, PacedWaiter>()

  constructor(clock: Clock) {
    this.#clock = clock
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
    return Math.max(LOOK_MS_MIN, LOOK_MS_PER_WAITER * ahead, (nowMs - sinceMs) * LOOK_SHARE)
  }
}
