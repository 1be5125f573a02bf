/** All checkers over one history. It never says "passed", only what it found in how much. */
import type { HistoryEvent } from '@holdfast/testbed/history'
import { checkFalseRejection } from './false-rejection.ts'
import { checkFifo } from './fifo.ts'
import { checkGuardOrder } from './guard-order.ts'
import { checkLeaks } from './leaks.ts'
import { checkLiveness, type Liveness } from './liveness.ts'
import { checkLossTold, type LossTold } from './loss-told.ts'
import { checkLostUpdates } from './lost-updates.ts'
import { checkOverlap } from './overlap.ts'
import { readHistory, type Record } from './record.ts'
import { checkRevival } from './revival.ts'
import { checkTokenOrder, type Exclusion } from './token-order.ts'
import { checkUseAfterExpiry } from './use-after-expiry.ts'
import type { Property, Violation } from './violation.ts'

export interface JudgeOptions extends Liveness, LossTold, Exclusion {}

export interface Verdict {
  readonly violations: readonly Violation[]
  readonly grants: number
  readonly commits: number
  readonly refusals: number
}

export const checkers: { readonly [P in Property]: (record: Record, options: JudgeOptions) => Violation[] } = {
  T: checkTokenOrder,
  G: checkGuardOrder,
  'G″': checkFalseRejection,
  L: checkLostUpdates,
  V: checkOverlap,
  U: checkUseAfterExpiry,
  N: checkLossTold,
  R: checkRevival,
  A: checkLiveness,
  F: checkFifo,
  S: checkLeaks,
}

export function judge(history: readonly HistoryEvent[], options: JudgeOptions): Verdict {
  return judgeRecord(readHistory(history), options)
}

export function judgeRecord(record: Record, options: JudgeOptions): Verdict {
  return {
    violations: Object.values(checkers)
      .flatMap((check) => check(record, options))
      .toSorted((a, b) => a.atNs - b.atNs),
    grants: record.holds.length,
    commits: record.moments.filter((moment) => moment.f === 'commit').length,
    refusals: record.operations.filter((operation) => operation.code === 'STALE_TOKEN').length,
  }
}
