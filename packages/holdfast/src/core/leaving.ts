/**
 * Giving a claim back. Cleaning up cannot be cancelled and never throws: it goes on in the background until the store
 * acknowledged it, the claim has ended by itself, or the client was closed and had its time.
 */
import type { Alarms } from './agenda.ts'
import { answerWithin, attemptLimitMs, Backoff } from './attempt.ts'
import { type Clock, sleep } from './clock.ts'
import type { Ref } from './claim.ts'
import { NotApplied } from './errors.ts'
import { ATTEMPT_MS_MAX } from './limits.ts'
import type { LeaveOptions, Store } from './store.ts'

/** `left`: acknowledged. `gone`: it had ended before we asked. `unknown`: it may have been this call or not; or no answer at all. */
export type LeaveOutcome = 'left' | 'gone' | 'unknown'

export interface Leaving {
  readonly ref: Ref
  /** How long the claim can last if it is not given back: after that there is nothing to do. */
  readonly lastsMs: number
  readonly options: LeaveOptions
}

export async function leaveUntilAcknowledged(
  store: Store,
  clock: Clock,
  alarms: Alarms,
  leaving: Leaving,
  goOn: () => boolean,
): Promise<LeaveOutcome> {
  const { ref, lastsMs, options } = leaving
  const endsAtMs = clock.monotonicMs() + lastsMs
  const backoff = new Backoff(Math.min(Math.max(1, lastsMs / 15), ATTEMPT_MS_MAX))
  let unanswered = false
  while (clock.monotonicMs() < endsAtMs && goOn()) {
    try {
      const call = store.leave(ref, options)
      const answer = await answerWithin(alarms, call, attemptLimitMs(lastsMs), 'release')
      // An earlier call may have done it, and then its answer was lost.
      return answer === 'gone' && unanswered ? 'unknown' : answer
    } catch (error) {
      unanswered ||= !(error instanceof NotApplied)
      await sleep(clock, backoff.nextMs())
    }
  }
  return 'unknown'
}
