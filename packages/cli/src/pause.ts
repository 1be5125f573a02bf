/** The time between two looks, which a person may cut short. */
import { setTimeout as sleep } from 'node:timers/promises'

export class Pause {
  #ended = new AbortController()

  /** Ends the pause, or the next one where there is none. */
  end(): void {
    this.#ended.abort()
  }

  /** Until its time is over, it is ended, or the signal aborts. */
  async take(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal: AbortSignal.any([signal, this.#ended.signal]) }).catch(() => undefined)
    if (this.#ended.signal.aborted) this.#ended = new AbortController()
  }
}
