/**
 * Durations on their way to a system of metrics. Handing one on costs a µs there, which a lock need not wait for: they are kept
 * until a reader collects, or until there are many.
 */
import type { Measure } from './series.ts'

/** Handing on so many takes less than a millisecond. */
const KEPT_MAX = 512

type Recorder = ReturnType<Measure>

export class Durations {
  readonly #records: Recorder[] = []
  readonly #seconds = new Float64Array(KEPT_MAX)
  readonly #onError: (error: unknown) => void

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** The same measure, later. */
  later(measure: Measure): Measure {
    return (metric, attributes) => {
      const record = measure(metric, attributes)
      return (seconds) => {
        this.#seconds[this.#records.length] = seconds
        if (this.#records.push(record) === KEPT_MAX) this.flush()
      }
    }
  }

  flush(): void {
    for (const [index, record] of this.#records.splice(0).entries()) {
      try {
        record(this.#seconds[index] ?? 0)
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}
