/** What a wait needs of the client it belongs to. */
import type { HeldLease } from '../lease/held-lease.ts'
import type { LeaseHost } from '../lease/lease-host.ts'
import type { OpenStore } from '../store/store.ts'
import type { Facts } from '../store/facts.ts'
import type { LoopTurn } from '../time/loop-turn.ts'
import type { ClaimRequest } from './claim-request.ts'
import type { LocalWaiters } from './local-waiters.ts'
import type { WaitLimit } from './wait-limit.ts'

export interface WaitHost extends LeaseHost {
  /** The open store; throws before it is open. */
  readonly store: OpenStore
  readonly owner: string
  readonly loopTurn: LoopTurn
  readonly localWaiters: LocalWaiters
  /** Every wait that has not ended: the client ends them when it is closed. */
  readonly waits: Set<WaitLimit>
  /** Absent until the store is open. */
  readonly facts: Facts | undefined
  open(): Promise<OpenStore>
  /** Throws `Unsupported` for what the store cannot promise. */
  checkSupported(request: ClaimRequest, facts: Facts): void
  began(lease: HeldLease): void
}
