/** What a recipe asks of a client: one claim on one line. */
import type { LockAttempt } from '../lease/lock-attempt.ts'
import type { LockShape } from '../lease/lock-shape.ts'
import type { AcquireSettings } from '../lease/settings.ts'

export interface ClaimRequest {
  readonly shape: LockShape
  /** The name in its namespace, encoded. */
  readonly resource: string
  /** Whether to wait for the turn, or to answer null when it is not free. */
  readonly queue: boolean
  /** One of several tries: that it was busy is no news. @default false */
  readonly isTrial?: boolean
  readonly settings: AcquireSettings
}

/** A request on its way: what its events are about, and what its claim carries. */
export interface AttemptedRequest extends ClaimRequest {
  readonly attempt: LockAttempt
}
