/**
 * Lets the event loop turn once in a while. A store in this process answers without a turn of the loop, so a program that
 * takes one lock after the other would never run a timer, read a socket or renew another lease: 23,197 locks in 5 s were
 * seen, and not one timer.
 */

/** So long may work go on without a turn: far less than a renewal may be late. */
const UNINTERRUPTED_MS = 5
/** After a pause of this length the loop has turned. */
const PAUSE_MS = 1

export class LoopTurn {
  #sinceMs = Number.NEGATIVE_INFINITY
  #lastMs = Number.NEGATIVE_INFINITY

  /** Whether this moment of uninterrupted work is the one to let the loop turn. */
  isDue(nowMs: number): boolean {
    if (nowMs - this.#lastMs > PAUSE_MS) this.#sinceMs = nowMs
    this.#lastMs = nowMs
    if (nowMs - this.#sinceMs < UNINTERRUPTED_MS) return false
    this.#sinceMs = nowMs
    return true
  }
}
