/**
 * Lets the event loop turn once in a while. A store in this process answers without a turn of the loop, so a program that
 * takes one lock after the other would never run a timer, read a socket or renew another lease: 23,197 locks in 5 s were
 * seen, and not one timer. Whether the loop has turned is asked of the loop itself: a gap between two locks may as well be
 * a slow disk, or a machine that ran another program.
 */
import type { Clock } from './clock.ts'

/** So long may work go on without a turn: far less than a renewal may be late. */
const UNINTERRUPTED_MS = 5

export class LoopTurn {
  readonly #clock: Clock
  /** When the last callback was asked for. */
  #sinceMs = Number.NEGATIVE_INFINITY
  /** A callback stands in the loop that has not run. */
  #isPending = false
  #turning: PromiseWithResolvers<void> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The next turn, when it is time to wait for it: one promise for all, so that what goes on then still goes on together. */
  due(): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs()
    // One callback for each lock would cost the loop a round for each.
    if (nowMs - this.#sinceMs < UNINTERRUPTED_MS) return undefined
    if (!this.#isPending) {
      this.#sinceMs = nowMs
      this.#isPending = true
      this.#clock.schedule(0, this.#turned)
      return undefined
    }
    this.#turning ??= Promise.withResolvers()
    return this.#turning.promise
  }

  readonly #turned = (): void => {
    this.#isPending = false
    this.#turning?.resolve()
    this.#turning = undefined
  }
}
