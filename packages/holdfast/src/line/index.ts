/// <reference lib="esnext.disposable" preserve="true" />
/** The line of claims as pure functions, for authors of stores. (docs/write-your-own-store.md) */
export { stampOf } from '../time/clock.ts'
export { emptyLine, type HeldClaim, type Line, type LineClaim, type LingeringClaim, type WaitingClaim } from './line.ts'
export { viewOf } from './view.ts'
export {
  enterLine,
  evictFromLine,
  isIdle,
  leaveLine,
  nextToken,
  claimStateOf,
  renewInLine,
  sweep,
  type Moment,
  type ClaimState,
  type LineStep,
} from './transition.ts'
