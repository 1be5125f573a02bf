/** What a held lease is made of, and what it needs of the client it belongs to. */
import type { Ref } from '../store/claim.ts'
import type { Hint, Standing } from '../store/standing.ts'
import type { Clock } from '../time/clock.ts'
import type { Timers } from '../time/timer-queue.ts'
import type { LockAttempt } from './lock-attempt.ts'
import type { EventSink } from './events.ts'
import type { LockShape } from './lock-shape.ts'
import type { LeaveOutcome, ReleaseRequest } from './release.ts'
import type { Renewable, Renewer } from './renewer.ts'

export interface LeaseHost {
  readonly namespace: string
  readonly clock: Clock
  readonly renewer: Renewer
  readonly timers: Timers
  readonly events: EventSink
  /** Resolves when the standing of the claim may have changed, or with `undefined` when it cannot be watched; never rejects. */
  watch(ref: Ref, signal: AbortSignal): Promise<Standing | Hint | undefined>
  leave(request: ReleaseRequest): Promise<LeaveOutcome>
  ended(lease: Renewable): void
}

/** The claim behind a lease. */
export interface GrantedClaim {
  readonly attempt: LockAttempt
  readonly shape: LockShape
  readonly ref: Ref
  /** An ask of this id is still without an answer, and may arrive after the release. */
  readonly outcomeUnknown: boolean
}
