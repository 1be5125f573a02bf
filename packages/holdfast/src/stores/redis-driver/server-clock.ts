/**
 * When something happened on the server, on our clocks: by an earlier answer of the same server, which the server made
 * after we asked. So the stamp is never later than the event, however long its message was under way. (protocols.md §1.3)
 */
import { type Clock, type Stamp, stampOf } from '../../time/clock.ts'

/** More than this between what passed here and there is no rate of a clock: one of them was set. */
const STEP_MS = 1

export class ServerClock {
  readonly #clock: Clock
  readonly #isOneServer: boolean
  #askedAt: Stamp | undefined
  #serverUs = 0

  /** Of several servers each has a clock of its own, and a message does not say whose it is: then nothing is placed. */
  constructor(clock: Clock, { isOneServer = true }: { readonly isOneServer?: boolean } = {}) {
    this.#clock = clock
    this.#isOneServer = isOneServer
  }

  /** An answer: asked at this stamp, made at this time of the server. */
  note(askedAt: Stamp, serverUs: number): void {
    if (!this.#isOneServer) return
    if (this.#askedAt !== undefined && askedAt.monotonicMs < this.#askedAt.monotonicMs) return
    this.#askedAt = askedAt
    this.#serverUs = serverUs
  }

  /** The connection was lost, and the next server may be another one. */
  forget(): void {
    this.#askedAt = undefined
  }

  /** `undefined` when it is not known, or would lie in the future: the server's clock was set forward. */
  stampAt(serverUs: number): Stamp | undefined {
    if (this.#askedAt === undefined) return undefined
    const sinceMs = (serverUs - this.#serverUs) / 1000
    const { monotonicMs, wallMs } = this.#askedAt
    if (monotonicMs + sinceMs > stampOf(this.#clock).monotonicMs + STEP_MS) return undefined
    return { monotonicMs: monotonicMs + sinceMs, wallMs: wallMs + sinceMs }
  }
}
