/** What a held lease is made of, and what it needs of the session it belongs to. */
import type { Alarms } from './agenda.ts'
import type { Ref } from './claim.ts'
import type { Clock } from './clock.ts'
import type { Events } from './events.ts'
import type { HeldLease } from './held.ts'
import type { Keeper } from './keeper.ts'
import type { Mode } from './lease.ts'
import type { LeaveOutcome, Leaving } from './leaving.ts'
import type { Hint, Memo, Standing } from './store.ts'

/** What a lease needs of the session it belongs to. */
export interface Holding {
  readonly clock: Clock
  readonly keeper: Keeper
  readonly alarms: Alarms
  readonly events: Events
  /** Resolves when the situation of the claim may have changed, or with `undefined` when it cannot be watched; never rejects. */
  watch(ref: Ref, memo: Memo, signal: AbortSignal): Promise<Standing | Hint | undefined>
  leave(leaving: Leaving): Promise<LeaveOutcome>
  ended(lease: HeldLease): void
}

export interface HeldIdentity {
  readonly namespace: string
  readonly name: string
  readonly mode: Mode
  /** Its place on the line: what a re-entrant request is measured against. */
  readonly weight: number
  readonly capacity: number
  readonly ref: Ref
  /** An ask of this id is still without an answer, and may arrive after the release. */
  readonly unsettled: boolean
}
