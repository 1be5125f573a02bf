/** Hands on the events of several processes in the order of their clock, a moment later than they arrive. */
import { byTime, type HistoryEvent } from '@holdfast/testbed/history'

/** Longer than a line needs from one process to another; too short for a reader to notice. */
const HOLD_BACK_MS_MIN = 60

export class InOrder {
  readonly #onEvent: (event: HistoryEvent) => void
  readonly #timer: NodeJS.Timeout
  #waiting: HistoryEvent[] = []

  /** `lateMs`: how late lines come on this machine. */
  constructor(onEvent: (event: HistoryEvent) => void, lateMs: number) {
    const holdBackMs = Math.max(HOLD_BACK_MS_MIN, Math.ceil(lateMs))
    this.#onEvent = onEvent
    this.#timer = setInterval(
      () => this.#flush(process.hrtime.bigint() - BigInt(holdBackMs) * 1_000_000n),
      HOLD_BACK_MS_MIN / 2,
    )
  }

  add(event: HistoryEvent): void {
    this.#waiting.push(event)
  }

  /** Hands on what is left. */
  end(): void {
    clearInterval(this.#timer)
    this.#flush(process.hrtime.bigint())
  }

  #flush(until: bigint): void {
    const ripe = this.#waiting.filter((event) => BigInt(event.t) <= until)
    this.#waiting = this.#waiting.filter((event) => BigInt(event.t) > until)
    for (const event of byTime(ripe)) this.#onEvent(event)
  }
}
