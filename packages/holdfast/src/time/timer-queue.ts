/**
 * Many appointments on one timer: a heap of due times, so that ten thousand leases cost one system timer and
 * O(log n) per change. What falls due together is handed over together, which is what makes batched renewal possible.
 */
import type { Clock, Timer } from './clock.ts'

/** An appointment; keep it to move or cancel it. */
export interface ScheduledItem<Item> {
  readonly item: Item
  /** On the monotonic clock. */
  atMs: number
  /** Its place in the heap, -1 when it is not (or no longer) in it. */
  index: number
}

export interface TimerQueueOptions<Item> {
  /** Called with everything that is due, at most `batchMax` at a time; the rest follows on the next turn of the event loop. */
  readonly due: (items: Item[]) => void
  readonly batchMax: number
  /** How much earlier than its time an item may be taken along with others. @default 0 */
  readonly earlyMs?: (item: Item) => number
}

/** Appointments that call something. */
export type Timers = TimerQueue<() => void>

export class TimerQueue<Item> {
  readonly #clock: Clock
  readonly #options: TimerQueueOptions<Item>
  readonly #heap: ScheduledItem<Item>[] = []
  #timer: Timer | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #isDisarming = false
  #isResting = false

  constructor(clock: Clock, options: TimerQueueOptions<Item>) {
    this.#clock = clock
    this.#options = options
  }

  get size(): number {
    return this.#heap.length
  }

  add(item: Item, atMs: number): ScheduledItem<Item> {
    const scheduled = { item, atMs, index: this.#heap.length }
    this.#heap.push(scheduled)
    this.#rise(scheduled)
    this.#arm()
    return scheduled
  }

  /** An appointment this long from now. */
  addIn(item: Item, delayMs: number): ScheduledItem<Item> {
    return this.add(item, this.#clock.monotonicMs() + delayMs)
  }

  /** Puts an appointment at another time, also one that is over or was cancelled. */
  move(scheduled: ScheduledItem<Item>, atMs: number): void {
    if (scheduled.index < 0) {
      scheduled.index = this.#heap.length
      this.#heap.push(scheduled)
    }
    scheduled.atMs = atMs
    this.#rise(scheduled)
    this.#sink(scheduled)
    this.#arm()
  }

  cancel(scheduled: ScheduledItem<Item>): void {
    this.#remove(scheduled)
    if (this.#heap.length === 0 && this.#timer !== undefined) this.#disarmSoon()
  }

  /**
   * A timer without appointments would keep the process alive. But often the next appointment comes before the event
   * loop turns, and a timer for each call to a store that answers at once was a third of the cost of a lock. So it
   * stays and rests, where the clock knows how; else it goes when the loop has turned.
   */
  #disarmSoon(): void {
    if (this.#timer?.keepAlive !== undefined) {
      this.#isResting = true
      this.#timer.keepAlive(false)
      return
    }
    if (this.#isDisarming) return
    this.#isDisarming = true
    this.#clock.schedule(0, () => {
      this.#isDisarming = false
      if (this.#heap.length === 0) this.#disarm()
    })
  }

  #fire(): void {
    this.#disarm()
    const nowMs = this.#clock.monotonicMs()
    const { batchMax, due, earlyMs } = this.#options
    const items: Item[] = []
    for (let first = this.#heap[0]; first !== undefined && items.length < batchMax; first = this.#heap[0]) {
      // Only company may be early: the first one must really be due.
      const early = items.length > 0 && earlyMs !== undefined ? earlyMs(first.item) : 0
      if (first.atMs - early > nowMs) break
      this.#remove(first)
      items.push(first.item)
    }
    this.#arm()
    if (items.length > 0) due(items)
  }

  #arm(): void {
    const first = this.#heap[0]
    if (first === undefined) return
    if (this.#isResting) {
      this.#isResting = false
      this.#timer?.keepAlive?.(true)
    }
    if (this.#timerAtMs <= first.atMs) return
    this.#timer?.cancel()
    this.#timerAtMs = first.atMs
    this.#timer = this.#clock.schedule(first.atMs - this.#clock.monotonicMs(), () => this.#fire())
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAtMs = Number.POSITIVE_INFINITY
    this.#isResting = false
  }

  #remove(scheduled: ScheduledItem<Item>): void {
    const { index } = scheduled
    if (index < 0) return
    scheduled.index = -1
    const last = this.#heap.pop()
    if (last === undefined || last === scheduled) return
    last.index = index
    this.#heap[index] = last
    this.#rise(last)
    this.#sink(last)
  }

  #rise(scheduled: ScheduledItem<Item>): void {
    while (scheduled.index > 0) {
      const parent = this.#heap[(scheduled.index - 1) >> 1]
      if (parent === undefined || parent.atMs <= scheduled.atMs) return
      this.#swap(parent, scheduled)
    }
  }

  #sink(scheduled: ScheduledItem<Item>): void {
    for (;;) {
      const left = this.#heap[scheduled.index * 2 + 1]
      const right = this.#heap[scheduled.index * 2 + 2]
      const child = right !== undefined && left !== undefined && right.atMs < left.atMs ? right : left
      if (child === undefined || child.atMs >= scheduled.atMs) return
      this.#swap(scheduled, child)
    }
  }

  #swap(upper: ScheduledItem<Item>, lower: ScheduledItem<Item>): void {
    const index = upper.index
    upper.index = lower.index
    lower.index = index
    this.#heap[upper.index] = upper
    this.#heap[lower.index] = lower
  }
}
