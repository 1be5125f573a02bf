/** A numbered place: the mutex of the number, and the place in the line that orders the waiting. */
import type { LockClient } from '../../client/client.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import { LeaseProxy } from '../../lease/lease-proxy.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import { Unsupported } from '../../store/errors.ts'
import { type Duration, durationMs } from '../../time/duration.ts'
import type { Slot } from './slots.ts'

/** A token that tells the time counts microseconds. */
const TOKENS_A_MS = 1_000n
const SKEW_MS = { minMs: 0, maxMs: 86_400_000 }

export interface LineSlotParts {
  readonly slot: number
  readonly lease: HeldLease
  /** Absent where the store has no semaphores. */
  readonly place: HeldLease | undefined
  /** Whether a token tells the time of the store. */
  readonly tellsTime: boolean
  /** The number is kept from the next holder after a loss. */
  readonly hasDelay: boolean
}

export class LineSlot extends LeaseProxy implements Slot {
  readonly slot: number
  readonly #parts: LineSlotParts
  readonly #stopListening: () => void

  constructor(client: LockClient, parts: LineSlotParts) {
    super(parts.lease)
    this.slot = parts.slot
    this.#parts = parts
    const { lease, place, hasDelay } = parts
    this.#stopListening = client.events.on('lost', ({ name, token }) => {
      if (token !== lease.ref.token || name !== lease.name) return
      // A place that is given on during the delay would have no number yet.
      if (hasDelay) place?.stopRenewing()
      else void place?.release()
    })
  }

  notBeforeMs(skew: Duration): number {
    const skewMs = durationMs('skew', skew, SKEW_MS)
    if (!this.#parts.tellsTime) {
      throw new Unsupported(
        'the tokens of this store do not tell the time: keep the last id of each place with your data',
      )
    }
    return Number(this.token / TOKENS_A_MS) + 1 + skewMs
  }

  /** The number before the place: who has a place finds a number. */
  override async release(): Promise<ReleaseOutcome> {
    this.#stopListening()
    const outcome = await this.#parts.lease.release()
    await this.#parts.place?.release()
    return outcome
  }
}
