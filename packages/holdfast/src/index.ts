/// <reference lib="esnext.disposable" preserve="true" />
/** The public surface of `holdfast`. Every export has a reason, a doc and a test. */
export { holdfast } from './holdfast.ts'
export type { EvictOptions, Health, ListOptions, Locks, NamePage } from './recipes/locks.ts'
export type { Lock, Work } from './recipes/lock.ts'
export { httpAnswer, type HttpAnswer } from './recipes/http-answer.ts'
export type { ReadWriteLock } from './recipes/read-write.ts'
export type { PermitOptions, Semaphore, SemaphoreOptions } from './recipes/semaphore.ts'
export type { LeaseSet, SetWork } from './recipes/several.ts'
export type { Fenced, Lease, LeaseState, Mode, ReleaseOutcome, Sequencer } from './lease/lease.ts'
export type { ObserveOptions } from './client/observe.ts'
export type { AcquireOptions, HoldfastOptions, Logger } from './client/options.ts'
export { durationMs, type Duration, type DurationRange } from './time/duration.ts'
export {
  CAPACITY_MAX,
  LOCK_DELAY_MS_MAX,
  MIN_HOLD_MS_MAX,
  TOKEN_MAX,
  TTL_MS_MAX,
  TTL_MS_MIN,
  WAIT_MS_MAX,
} from './store/limits.ts'
export type { Clock, Stamp, Timer } from './time/clock.ts'
export type { ClientEvent, EventMap, EventName, LockEvent, LossCause, TraceCarrier } from './lease/events.ts'
export type { Listener } from './client/events.ts'
export type { GuardEvent, GuardEventMap, GuardName } from './lease/guard-events.ts'
export { acceptSequencer, type ExpectedLock, formatSequencer, parseSequencer } from './lease/sequencer.ts'
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
  type ErrorCode,
  type EngineErrorDetails,
  type ErrorDetails,
  type Outcome,
} from './store/errors.ts'
export type { Claim, Ref } from './store/claim.ts'
export type { Facts, SafetyClass } from './store/facts.ts'
export type { ClaimView, LineView, ResourcePage } from './store/line-view.ts'
export type { StoreRequestEvent } from './store/request-events.ts'
export type { Gone, Held, Hint, Queued, Refused, RenewAnswer, Standing } from './store/standing.ts'
export type { LeaveOptions, OpenStore, Renewal, Store, StoreEnvironment, TokenScaleView } from './store/store.ts'
