/** The public surface of `holdfast`. Every export has a reason, a doc and a test. */
export { holdfast } from './holdfast.ts'
export type { EvictOptions, Health, ListOptions, Locks, NamePage } from './holdfast.ts'
export type { Lock, Work } from './recipes/lock.ts'
export type { ReadWriteLock } from './recipes/rw-lock.ts'
export type { PermitOptions, Semaphore, SemaphoreOptions } from './recipes/semaphore.ts'
export type { LeaseSet, SetWork } from './recipes/several.ts'
export type { Fenced, Lease, LeaseState, Mode, ReleaseOutcome } from './core/lease.ts'
export type { AcquireOptions, HoldfastOptions, Logger } from './core/options.ts'
export { durationMs } from './core/duration.ts'
export type { Duration, DurationRange } from './core/duration.ts'
export {
  CAPACITY_MAX,
  LOCK_DELAY_MS_MAX,
  MIN_HOLD_MS_MAX,
  TOKEN_MAX,
  TTL_MS_MAX,
  TTL_MS_MIN,
  WAIT_MS_MAX,
} from './core/limits.ts'
export type { Clock, Stamp, Timer } from './core/clock.ts'
export type { EventMap, EventName, Listener } from './core/events.ts'
export { formatSequencer, parseSequencer } from './core/sequencer.ts'
export {
  errorCodes,
  HoldfastError,
  LeaseLost,
  Misuse,
  NotApplied,
  OutcomeUnknown,
  StaleToken,
  StoreUnavailable,
  Unsupported,
  WaitTimeout,
} from './core/errors.ts'
export type { ErrorCode, ErrorDetails, Outcome } from './core/errors.ts'
export type { Claim, Ref } from './core/claim.ts'
export type {
  ClaimView,
  Facts,
  Gone,
  Held,
  Hint,
  LeaveOptions,
  LineView,
  Memo,
  Queued,
  Refused,
  RenewAnswer,
  Renewal,
  ResourcePage,
  SafetyClass,
  Standing,
  Store,
  StoreAdmin,
  StoreEnvironment,
  Subject,
} from './core/store.ts'
