/** Where it is written down which ticks of a job began. */
import type { HeldLease } from '../../lease/held-lease.ts'
import type { History } from './history.ts'
import type { RunRecord, SkipReason } from '../tick/tick.ts'

/** Why a tick cannot begin any more. */
export interface Listing {
  readonly because: SkipReason
  readonly by: RunRecord | null
}

export interface TickList {
  /** As last read or written here; undefined without a ledger. */
  readonly seen: History | undefined
  /** Asks without a lock, where that is cheap. */
  find(tick: Date): Promise<Listing | undefined>
  /** Under the lock of the job: lists the tick, unless it is listed. */
  begin(lease: HeldLease, record: RunRecord): Promise<Listing | { readonly previous: RunRecord | null }>
  /** The work is called now: from here on its tick began. */
  began(record: RunRecord): void
  /** The work was not called after all. */
  undo(lease: HeldLease, record: RunRecord): Promise<void>
  end(lease: HeldLease, record: RunRecord): Promise<void>
}
