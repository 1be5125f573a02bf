/** When to look at a schedule: a timer for each tick, that also notices a wall clock which was set, forward or back. */
import type { LockClient } from '../../client/client.ts'
import type { ScheduledItem } from '../../time/timer-queue.ts'
import { instant } from '../../time/instant.ts'
import type { Schedule } from '../cron/cron.ts'

export interface TimetableOptions {
  /** Ticks that are further back than this are not due any more. */
  readonly startWithinMs: number
  due(tick: Date): void
  /** Ticks passed that are not due any more, up to this moment: the machine slept, or its clock was set. */
  passed(until: Date): void
}

/** The wall clock may be set while a timer runs. */
const LOOK_MS_MAX = 10_000
/** So many ticks are due at once, at most: the latest. */
export const TICKS_AT_ONCE_MAX = 100

export class Timetable {
  readonly #client: LockClient
  readonly #schedule: Schedule
  readonly #options: TimetableOptions
  /** Ticks after this moment were not told yet. */
  #cursorMs = 0
  #next: Date | null = null
  #timer: ScheduledItem<() => void> | undefined

  constructor(client: LockClient, schedule: Schedule, options: TimetableOptions) {
    this.#client = client
    this.#schedule = schedule
    this.#options = options
    this.#goTo(client.clock.wallMs())
    this.#look()
  }

  end(): void {
    if (this.#timer !== undefined) this.#client.timers.cancel(this.#timer)
  }

  #look(): void {
    const nowMs = this.#client.clock.wallMs()
    // Set back: what was due comes again, and is listed.
    if (nowMs < this.#cursorMs) this.#goTo(nowMs)
    if (this.#next !== null && this.#next.getTime() <= nowMs) {
      this.#tellDue(this.#next, nowMs)
      this.#goTo(nowMs)
    }
    const delayMs = this.#next === null ? LOOK_MS_MAX : this.#next.getTime() - nowMs
    this.#timer = this.#client.timers.addIn(() => this.#look(), Math.min(delayMs, LOOK_MS_MAX))
  }

  #goTo(nowMs: number): void {
    this.#cursorMs = nowMs
    this.#next = this.#schedule.nextRun(instant(nowMs))
  }

  #tellDue(next: Date, nowMs: number): void {
    const { startWithinMs, due, passed } = this.#options
    const openMs = nowMs - startWithinMs
    const second = this.#schedule.nextRun(next)
    if (next.getTime() > openMs && (second === null || second.getTime() > nowMs)) return due(next)
    if (next.getTime() <= openMs) passed(instant(openMs))
    const fromMs = Math.max(next.getTime(), openMs + 1)
    const ticks = this.#schedule.previousRuns(TICKS_AT_ONCE_MAX, instant(nowMs + 1))
    for (const tick of ticks.filter((each) => each.getTime() >= fromMs).toReversed()) due(tick)
  }
}
