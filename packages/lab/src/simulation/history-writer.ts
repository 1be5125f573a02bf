/** The history of a simulated run: events stamped with the one clock under all the processes. */
import type { Clock } from 'holdfast'
import type { Detail, HistoryEvent, Phase } from '@holdfast/testbed/history'

export interface Ending {
  ok(out?: Detail): void
  /** Surely not done. */
  fail(code: string): void
  /** Unknown. */
  info(): void
}

export class HistoryWriter {
  readonly events: HistoryEvent[] = []
  readonly #clock: Clock
  readonly #originMs: number
  #operations = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#originMs = clock.monotonicMs()
  }

  call(p: string, f: string, k: string, input: Detail): Ending {
    const op = (this.#operations += 1)
    const record = (e: Phase, rest: Pick<HistoryEvent, 'in' | 'out' | 'err'>): void =>
      this.#push({ p, f, k, op, e, ...rest })
    record('call', { in: input })
    return {
      ok: (out = {}) => record('ok', { out }),
      fail: (code) => record('fail', { err: { code, message: '' } }),
      info: () => record('info', {}),
    }
  }

  moment(p: string, f: string, k: string, detail: Detail): void {
    this.#push({ p, f, k, op: (this.#operations += 1), e: 'sig', in: detail })
  }

  /** A moment that many milliseconds from now, as the history writes moments. */
  momentIn(ms: number): string {
    // Rounded up: a lease whose clock says "not yet" is not yet over.
    return String(Math.ceil((this.#clock.monotonicMs() - this.#originMs + ms) * 1e6))
  }

  #push(event: Omit<HistoryEvent, 'i' | 't'>): void {
    this.events.push({ i: this.events.length, t: this.momentIn(0), ...event })
  }
}
