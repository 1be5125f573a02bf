/** The step of an ask: it enters a line, or confirms where its claim stands. */
import type { Line } from '../../line/line.ts'
import { type ClaimState, enterLine, type LineStep, type Moment, renewInLine } from '../../line/transition.ts'
import type { Claim } from '../../store/claim.ts'
import type { RecordEngine } from './engine.ts'

export type StateStep = (line: Line, now: Moment) => LineStep<ClaimState>

/** Where expiry is observed, an ask about a claim that holds renews it. */
export function enterStepOf(claim: Claim, { channel, isObserved = false }: RecordEngine): StateStep {
  if (!isObserved) return (line, now) => enterLine(line, claim, channel, now)
  const { resource, id, ttlMs } = claim
  return (line, now) =>
    line.claims.some((known) => known.id === id && known.state === 'held')
      ? renewInLine(line, { resource, id }, ttlMs, undefined, now)
      : enterLine(line, claim, channel, now)
}
