/** A numbered place: the mutex of the number, and the place in the line that orders the waiting. */
import type { HeldLease } from '../../lease/held-lease.ts'
import { LeaseProxy } from '../../lease/lease-proxy.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import { Unsupported } from '../../store/errors.ts'
import { type Duration, durationMs } from '../../time/duration.ts'
import type { Slot } from './slots.ts'

const SKEW_MS = { minMs: 0, maxMs: 86_400_000 }

export interface LineSlotParts {
  readonly slot: number
  readonly lease: HeldLease
  /** Absent where the store has no semaphores. */
  readonly place: HeldLease | undefined
  /** Whether a token tells the time of the store. */
  readonly tellsTime: boolean
}

export class LineSlot extends LeaseProxy implements Slot {
  readonly slot: number
  readonly #parts: LineSlotParts

  constructor(parts: LineSlotParts) {
    super(parts.lease)
    this.slot = parts.slot
    this.#parts = parts
    const { lease, place } = parts
    // The number is of no use without its mutex, and the next one may have its place.
    lease.signal.addEventListener('abort', () => void place?.release(), { once: true })
  }

  notBeforeMs(skew: Duration): number {
    const skewMs = durationMs('skew', skew, SKEW_MS)
    if (!this.#parts.tellsTime) {
      throw new Unsupported(
        'the tokens of this store do not tell the time: keep the last id of each place with your data',
      )
    }
    return Math.ceil(Number(this.token) / 1_000) + skewMs
  }

  /** The number before the place: who has a place finds a number. */
  override async release(): Promise<ReleaseOutcome> {
    const outcome = await this.#parts.lease.release()
    await this.#parts.place?.release()
    return outcome
  }
}
