/**
 * Opening a store: bounded in time, repeated while it is busy or its connection breaks, and refused when it promises less
 * than is required. To the caller a store that did not open is unavailable, whatever became of the last try.
 */
import type { Timers } from '../time/timer-queue.ts'
import { Backoff } from '../time/backoff.ts'
import { answerWithin } from '../time/call-limit.ts'
import { type Clock, sleep } from '../time/clock.ts'
import { HoldfastError, NotApplied, OutcomeUnknown, StoreUnavailable, Unsupported } from '../store/errors.ts'
import { ATTEMPT_MS_MAX, OPEN_MS_MAX } from '../store/limits.ts'
import { CLASS_ORDER, type Facts, type SafetyClass, type Store } from '../store/store.ts'

export interface OpenRequest {
  readonly clock: Clock
  readonly timers: Timers
  readonly signal: AbortSignal
  /** The least class that will do. */
  readonly require: SafetyClass | undefined
}

export async function openStore(store: Store, request: OpenRequest): Promise<Facts> {
  const { clock, timers, signal, require } = request
  const timeout = new AbortController()
  const opening = openWhenFree(store, clock, AbortSignal.any([signal, timeout.signal]))
  const facts = await answerWithin(timers, opening, OPEN_MS_MAX + ATTEMPT_MS_MAX, 'opening the store').catch(
    (cause: unknown) => {
      // An opening that hangs must not be the last one: the next call tries again.
      timeout.abort(cause)
      if (cause instanceof HoldfastError && !(cause instanceof OutcomeUnknown)) throw cause
      throw new StoreUnavailable(
        `the store could not be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      )
    },
  )
  if (require === undefined || CLASS_ORDER.indexOf(facts.safetyClass) >= CLASS_ORDER.indexOf(require)) return facts
  await answerWithin(timers, store.close(), OPEN_MS_MAX, 'closing the store').catch(() => undefined)
  throw new Unsupported(
    `${facts.engine} is of class "${facts.safetyClass}", required is "${require}": ${facts.reasons.join(' ')}`,
  )
}

/** Whoever hears no answer is not helped by looking for what keeps the store busy. */
function afterAll(error: NotApplied | OutcomeUnknown): string {
  return error instanceof NotApplied
    ? `, and stayed so for ${OPEN_MS_MAX} ms: end what is in its way, or try again`
    : `; it was asked again for ${OPEN_MS_MAX} ms: check that it runs, and that answers get through to here`
}

async function openWhenFree(store: Store, clock: Clock, signal: AbortSignal): Promise<Facts> {
  const backoff = new Backoff()
  const endsAtMs = clock.monotonicMs() + OPEN_MS_MAX
  for (;;) {
    try {
      return await store.open({ clock, signal })
    } catch (error) {
      const isPassing = error instanceof NotApplied || error instanceof OutcomeUnknown
      if (!isPassing || signal.aborted) throw error
      if (clock.monotonicMs() >= endsAtMs) {
        throw new StoreUnavailable(error.message + afterAll(error), { cause: error })
      }
      await sleep(clock, backoff.nextMs(), signal)
    }
  }
}
