/**
 * Many appointments on one timer: a heap of due times, so that ten thousand leases cost one system timer and
 * O(log n) per change. What falls due together is handed over together, which is what makes batched renewal possible.
 */
import type { Clock, Timer } from './clock.ts'

/** An appointment; keep it to move or cancel it. */
export interface Appointment<Item> {
  readonly item: Item
  /** On the monotonic clock. */
  atMs: number
  /** Its place in the heap, -1 when it is not (or no longer) in it. */
  index: number
}

export interface AgendaOptions<Item> {
  /** Called with everything that is due, at most `batchMax` at a time; the rest follows on the next turn of the event loop. */
  readonly due: (items: Item[]) => void
  readonly batchMax: number
  /** How much earlier than its time an item may be taken along with others. @default 0 */
  readonly earlyMs?: (item: Item) => number
}

/** Appointments that call something. */
export type Alarms = Agenda<() => void>

export class Agenda<Item> {
  readonly #clock: Clock
  readonly #options: AgendaOptions<Item>
  readonly #heap: Appointment<Item>[] = []
  #timer: Timer | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #isDisarming = false
  #isResting = false

  constructor(clock: Clock, options: AgendaOptions<Item>) {
    this.#clock = clock
    this.#options = options
  }

  get size(): number {
    return this.#heap.length
  }

  add(item: Item, atMs: number): Appointment<Item> {
    const appointment = { item, atMs, index: this.#heap.length }
    this.#heap.push(appointment)
    this.#rise(appointment)
    this.#arm()
    return appointment
  }

  /** An appointment this long from now. */
  addIn(item: Item, delayMs: number): Appointment<Item> {
    return this.add(item, this.#clock.monotonicMs() + delayMs)
  }

  /** Puts an appointment at another time, also one that is over or was cancelled. */
  move(appointment: Appointment<Item>, atMs: number): void {
    if (appointment.index < 0) {
      appointment.index = this.#heap.length
      this.#heap.push(appointment)
    }
    appointment.atMs = atMs
    this.#rise(appointment)
    this.#sink(appointment)
    this.#arm()
  }

  cancel(appointment: Appointment<Item>): void {
    this.#remove(appointment)
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

  #remove(appointment: Appointment<Item>): void {
    const { index } = appointment
    if (index < 0) return
    appointment.index = -1
    const last = this.#heap.pop()
    if (last === undefined || last === appointment) return
    last.index = index
    this.#heap[index] = last
    this.#rise(last)
    this.#sink(last)
  }

  #rise(appointment: Appointment<Item>): void {
    while (appointment.index > 0) {
      const parent = this.#heap[(appointment.index - 1) >> 1]
      if (parent === undefined || parent.atMs <= appointment.atMs) return
      this.#swap(parent, appointment)
    }
  }

  #sink(appointment: Appointment<Item>): void {
    for (;;) {
      const left = this.#heap[appointment.index * 2 + 1]
      const right = this.#heap[appointment.index * 2 + 2]
      const child = right !== undefined && left !== undefined && right.atMs < left.atMs ? right : left
      if (child === undefined || child.atMs >= appointment.atMs) return
      this.#swap(appointment, child)
    }
  }

  #swap(upper: Appointment<Item>, lower: Appointment<Item>): void {
    const index = upper.index
    upper.index = lower.index
    lower.index = index
    this.#heap[upper.index] = upper
    this.#heap[lower.index] = lower
  }
}
