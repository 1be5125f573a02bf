/** The line of claims as pure functions, for those who write a store. (docs/write-your-own-store.md) */
export { stampOf } from './core/clock.ts'
export { emptyLine } from './core/line.ts'
export type { HeldClaim, Line, LineClaim, LingeringClaim, WaitingClaim } from './core/line.ts'
export { viewOf } from './core/line-view.ts'
export {
  enterLine,
  evictFromLine,
  isIdle,
  leaveLine,
  nextToken,
  placeOf,
  renewInLine,
  situationOf,
  sweep,
} from './core/transition.ts'
export type { Moment, Place, Situation, Step } from './core/transition.ts'
