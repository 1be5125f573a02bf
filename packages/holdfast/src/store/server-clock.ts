/**
 * What the clock of the server shows, on our clocks: by an earlier answer, which the server made after we asked. So the stamp
 * of an event on the server is never later than the event, however long its message was in flight, and a moment that lies
 * ahead on the server's clock is never nearer than it was meant. (docs/protocols/redis.md#the-servers-clock)
 */
import { type Clock, type Stamp, stampOf } from '../time/clock.ts'

/** More than this between what passed here and there is no rate of a clock: one of them was set. */
const STEP_MS = 1

/** An answer: asked at this stamp, made at this time of the server. */
interface ClockReading {
  readonly askedAt: Stamp
  readonly serverUs: number
}

export class ServerClock {
  readonly #clock: Clock
  readonly #isOneServer: boolean
  /** The newest reading for each slot of a Cluster, whose servers have clocks of their own; of one server that of slot 0. */
  readonly #readings = new Map<number, ClockReading>()
  #latest: ClockReading | undefined
  #canPlace = false

  /** A message from a Cluster does not say which of its servers sent it, so nothing is placed. */
  constructor(clock: Clock, { isOneServer = true }: { readonly isOneServer?: boolean } = {}) {
    this.#clock = clock
    this.#isOneServer = isOneServer
  }

  note(askedAt: Stamp, serverUs: number, slot: number = 0): void {
    const known = this.#readings.get(slot)
    const isOlder = known !== undefined && askedAt.monotonicMs < known.askedAt.monotonicMs
    if (isOlder && (this.#canPlace || !this.#isOneServer)) return
    this.#latest = { askedAt, serverUs }
    this.#readings.set(slot, this.#latest)
    this.#canPlace = this.#isOneServer
  }

  /** The connection was lost, and the next server may be another one: its clock is known only for what may be too early. */
  forget(): void {
    this.#canPlace = false
  }

  /** `undefined` when it is not known, or would lie in the future: the server's clock was set forward. */
  stampAt(serverUs: number): Stamp | undefined {
    const reading = this.#readings.get(0)
    if (reading === undefined || !this.#canPlace) return undefined
    const sinceMs = (serverUs - reading.serverUs) / 1000
    const { monotonicMs, wallMs } = reading.askedAt
    if (monotonicMs + sinceMs > stampOf(this.#clock).monotonicMs + STEP_MS) return undefined
    return { monotonicMs: monotonicMs + sinceMs, wallMs: wallMs + sinceMs }
  }

  /** What the server's clock will show this long from now, in µs; by the clock of the last answer where that slot gave none yet. */
  usIn(ms: number, slot: number = 0): number | undefined {
    const reading = this.#readings.get(slot) ?? this.#latest
    if (reading === undefined) return undefined
    return Math.ceil(reading.serverUs + (this.#clock.monotonicMs() - reading.askedAt.monotonicMs + ms) * 1000)
  }
}
