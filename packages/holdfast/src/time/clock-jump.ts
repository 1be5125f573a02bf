/**
 * Notices that the machine was suspended, or its wall clock was set: the two clocks moved apart. Timers run on the
 * monotonic clock, which slept; without this a lease that ended meanwhile would be noticed only when it is touched.
 */
import type { Timers, ScheduledItem } from './timer-queue.ts'
import { type Clock, type Stamp, stampOf } from './clock.ts'

const BEAT_MS = 1_000
/** Far above what a wall clock is slewed in a second, far below what matters to a lease. */
const JUMP_MS = 250

export class ClockJumpDetector {
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #onJump: () => void
  #item: ScheduledItem<() => void> | undefined
  #last: Stamp | undefined

  constructor(clock: Clock, timers: Timers, onJump: () => void) {
    this.#clock = clock
    this.#timers = timers
    this.#onJump = onJump
  }

  /** Does nothing while it beats. */
  start(): void {
    if (this.#last !== undefined) return
    this.#last = stampOf(this.#clock)
    const atMs = this.#last.monotonicMs + BEAT_MS
    if (this.#item === undefined) this.#item = this.#timers.add(() => this.#beat(), atMs)
    else this.#timers.move(this.#item, atMs)
  }

  stop(): void {
    this.#last = undefined
    if (this.#item !== undefined) this.#timers.cancel(this.#item)
  }

  #beat(): void {
    const last = this.#last
    if (last === undefined) return
    const now = stampOf(this.#clock)
    this.#last = undefined
    this.start()
    const apartMs = now.wallMs - last.wallMs - (now.monotonicMs - last.monotonicMs)
    if (Math.abs(apartMs) > JUMP_MS) this.#onJump()
  }
}
