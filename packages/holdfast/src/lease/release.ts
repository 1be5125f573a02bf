/**
 * Giving a claim back. Cleaning up cannot be cancelled and never throws: it goes on in the background until the store
 * acknowledged it, the claim has ended by itself, or the client was closed and had its time.
 */
import type { Timers } from '../time/timer-queue.ts'
import { Backoff } from '../time/backoff.ts'
import { answerWithin, attemptLimitMs } from '../time/call-limit.ts'
import { type Clock, sleep } from '../time/clock.ts'
import type { Ref } from '../store/claim.ts'
import { isFinal, NotApplied } from '../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../store/limits.ts'
import type { LeaveOptions, OpenStore } from '../store/store.ts'
import type { ReleaseOutcome } from './lease.ts'

/** `left`: acknowledged. `gone`: it had ended before we asked. `unknown`: it may have been this call or not; or no answer at all. */
export type LeaveOutcome = 'left' | 'gone' | 'unknown'

export interface ReleaseRequest {
  readonly ref: Ref
  /** How long the claim can last if it is not given back: after that there is nothing to do. */
  readonly lastsMs: number
  readonly options: LeaveOptions
}

export async function releaseUntilAcknowledged(
  store: OpenStore,
  clock: Clock,
  timers: Timers,
  request: ReleaseRequest,
  goOn: () => boolean,
): Promise<LeaveOutcome> {
  const { ref, lastsMs, options } = request
  const endsAtMs = clock.monotonicMs() + lastsMs
  let backoff: Backoff | undefined
  let unanswered = false
  for (let leftMs = lastsMs; leftMs > 0 && goOn(); leftMs = endsAtMs - clock.monotonicMs()) {
    try {
      const call = store.leave(ref, options)
      const answer = await answerWithin(timers, call, attemptLimitMs(lastsMs), 'release')
      // An earlier call may have done it, and then its answer was lost.
      return answer === 'gone' && unanswered ? 'unknown' : answer
    } catch (error) {
      // What was never granted ends by itself, and a store that will not take it back holds up whoever closes its client.
      if (ref.token === undefined && isFinal(error)) return 'unknown'
      unanswered ||= !(error instanceof NotApplied)
      backoff ??= new Backoff(Math.min(Math.max(1, lastsMs / 15), ATTEMPT_MS_MAX))
      await sleep(clock, backoff.nextMs())
    }
  }
  return 'unknown'
}

/** What became of it by then; giving back goes on. */
export function leftWithin(timers: Timers, outcome: Promise<LeaveOutcome>, limitMs: number): Promise<LeaveOutcome> {
  return new Promise((resolve) => {
    const alarm = timers.addIn(() => resolve('unknown'), limitMs)
    void outcome.then((left) => {
      timers.cancel(alarm)
      resolve(left)
    })
  })
}

export function outcomeOf(left: LeaveOutcome): ReleaseOutcome {
  if (left === 'left') return 'released'
  return left === 'gone' ? 'expired' : 'unknown'
}
