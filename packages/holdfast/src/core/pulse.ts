/**
 * Notices that the machine was suspended, or its wall clock was set: the two clocks moved apart. Timers run on the
 * monotonic clock, which slept; without this a lease that ended meanwhile would be noticed only when it is touched.
 */
import type { Alarms, Appointment } from './agenda.ts'
import { type Clock, type Stamp, stampOf } from './clock.ts'

const BEAT_MS = 1_000
/** Far above what a wall clock is slewed in a second, far below what matters to a lease. */
const JUMP_MS = 250

export class Pulse {
  readonly #clock: Clock
  readonly #alarms: Alarms
  readonly #onJump: () => void
  #appointment: Appointment<() => void> | undefined
  #last: Stamp | undefined

  constructor(clock: Clock, alarms: Alarms, onJump: () => void) {
    this.#clock = clock
    this.#alarms = alarms
    this.#onJump = onJump
  }

  /** Does nothing while it beats. */
  start(): void {
    if (this.#last !== undefined) return
    this.#last = stampOf(this.#clock)
    const atMs = this.#last.monotonicMs + BEAT_MS
    if (this.#appointment === undefined) this.#appointment = this.#alarms.add(() => this.#beat(), atMs)
    else this.#alarms.move(this.#appointment, atMs)
  }

  stop(): void {
    this.#last = undefined
    if (this.#appointment !== undefined) this.#alarms.cancel(this.#appointment)
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
