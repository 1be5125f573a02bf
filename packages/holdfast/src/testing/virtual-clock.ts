/**
 * Time that stands still until it is told to move, so that hours pass in milliseconds and every run is the same.
 * Between two timers it lets the event loop turn, so that promises settle before time goes on.
 */
import { type Clock, systemClock, type Timer } from '../time/clock.ts'

export interface VirtualClock extends Clock {
  /** Moves both clocks forward and runs every timer that falls due, in order, each at its own moment. */
  advance(ms: number): Promise<void>
  /** The event loop stood still: both clocks have moved and no timer ran yet; they run late, on the next turn. */
  stall(ms: number): Promise<void>
  /** The machine slept: only the wall clock has moved. */
  suspend(ms: number): void
  /** Sets the wall clock, forward or back. */
  stepWall(ms: number): void
  /** Timers that are set and have not fired. */
  readonly timers: number
}

export interface VirtualClockOptions {
  /** @default 2026-01-01T00:00:00Z */
  readonly wallMs?: number
  /** @default 1_000_000 */
  readonly monotonicMs?: number
}

interface VirtualTimer {
  readonly dueMs: number
  readonly callback: () => void
  done: boolean
}

/** Turns of the event loop between two timers: a few, because one callback may lead to a promise that leads to another. */
const SETTLING_TURNS = 4
/** More timers than this in one `advance` is a loop that goes on for ever. */
const TIMERS_AT_ONCE_MAX = 1_000_000

export function virtualClock(options: VirtualClockOptions = {}): VirtualClock {
  return new ManualClock(options)
}

/** Lets everything that is ready to run, run. No virtual time passes. */
export async function settle(turns: number = SETTLING_TURNS): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise<void>((resolve) => {
      systemClock.schedule(0, resolve)
    })
  }
}

class ManualClock implements VirtualClock {
  #monotonicMs: number
  #wallMs: number
  /** Soonest last, so that the next one is popped; of two for the same moment, the one set first fires first. */
  readonly #queue: VirtualTimer[] = []
  #live = 0

  constructor(options: VirtualClockOptions) {
    this.#monotonicMs = options.monotonicMs ?? 1_000_000
    this.#wallMs = options.wallMs ?? 1_767_225_600_000
  }

  get timers(): number {
    return this.#live
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  wallMs(): number {
    return this.#wallMs
  }

  schedule(delayMs: number, callback: () => void): Timer {
    // "On the next turn of the event loop" needs no time to pass, so it happens by itself.
    if (!(delayMs > 0)) return systemClock.schedule(0, callback)
    const entry: VirtualTimer = { dueMs: this.#monotonicMs + delayMs, callback, done: false }
    this.#queue.splice(this.#placeOf(entry.dueMs), 0, entry)
    this.#live += 1
    return { cancel: () => this.#finish(entry) }
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms
    await settle()
    for (let fired = 0; ; fired += 1) {
      const entry = this.#nextDue(untilMs)
      if (entry === undefined) break
      if (fired >= TIMERS_AT_ONCE_MAX) throw new Error(`${TIMERS_AT_ONCE_MAX} timers within ${ms} ms: is it a loop?`)
      this.#moveTo(Math.max(entry.dueMs, this.#monotonicMs))
      this.#finish(entry)
      entry.callback()
      await settle()
    }
    this.#moveTo(Math.max(untilMs, this.#monotonicMs))
    await settle()
  }

  async stall(ms: number): Promise<void> {
    this.#moveTo(this.#monotonicMs + ms)
    await this.advance(0)
  }

  suspend(ms: number): void {
    this.#wallMs += ms
  }

  stepWall(ms: number): void {
    this.#wallMs += ms
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }

  #finish(entry: VirtualTimer): void {
    if (entry.done) return
    entry.done = true
    this.#live -= 1
  }

  #nextDue(untilMs: number): VirtualTimer | undefined {
    for (let entry = this.#queue.at(-1); entry !== undefined; entry = this.#queue.at(-1)) {
      if (!entry.done && entry.dueMs > untilMs) return undefined
      this.#queue.pop()
      if (!entry.done) return entry
    }
    return undefined
  }

  /** Before all that are sooner or of the same moment, seen from the end. */
  #placeOf(dueMs: number): number {
    let low = 0
    let high = this.#queue.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#queue[middle]?.dueMs ?? 0) > dueMs) low = middle + 1
      else high = middle
    }
    return low
  }
}
