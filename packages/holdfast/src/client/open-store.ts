/**
 * Opening a store: bounded in time, repeated while it is busy or its connection breaks, and refused when it promises less
 * than is required. To the caller a store that did not open is unavailable, whatever became of the last try.
 */
import { Backoff } from '../time/backoff.ts'
import { answerWithin } from '../time/call-limit.ts'
import { sleep } from '../time/clock.ts'
import { HoldfastError, NotApplied, OutcomeUnknown, StoreUnavailable, Unsupported } from '../store/errors.ts'
import { ATTEMPT_MS_MAX, OPEN_MS_MAX } from '../store/limits.ts'
import type { OpenStore, Store, StoreEnvironment } from '../store/store.ts'
import { CLASS_ORDER, type SafetyClass } from '../store/facts.ts'

/** `require`: the least class that will do. */
export async function openStore(
  store: Store,
  environment: StoreEnvironment,
  require: SafetyClass | undefined,
): Promise<OpenStore> {
  const { timers, signal } = environment
  const timeout = new AbortController()
  const opening = openWhenFree(store, { ...environment, signal: AbortSignal.any([signal, timeout.signal]) })
  const opened = await answerWithin(timers, opening, OPEN_MS_MAX + ATTEMPT_MS_MAX, 'opening the store').catch(
    (cause: unknown) => {
      // An opening that hangs must not be the last one: the next call tries again. What it opens late is closed.
      timeout.abort(cause)
      opening.then(
        (late) => late.close(),
        () => undefined,
      )
      if (cause instanceof HoldfastError && !(cause instanceof OutcomeUnknown)) throw cause
      throw new StoreUnavailable(
        `the store could not be opened: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      )
    },
  )
  const { engine, reasons, safetyClass } = opened.facts
  if (require === undefined || CLASS_ORDER.indexOf(safetyClass) >= CLASS_ORDER.indexOf(require)) return opened
  await answerWithin(timers, opened.close(), OPEN_MS_MAX, 'closing the store').catch(() => undefined)
  throw new Unsupported(`${engine} is of class "${safetyClass}", required is "${require}": ${reasons.join(' ')}`)
}

/** Whoever hears no answer is not helped by looking for what keeps the store busy. */
function afterAll(error: NotApplied | OutcomeUnknown): string {
  return error instanceof NotApplied
    ? `, and stayed so for ${OPEN_MS_MAX} ms: end what is in its way, or try again`
    : `; it was asked again for ${OPEN_MS_MAX} ms: check that it runs, and that answers get through to here`
}

async function openWhenFree(store: Store, environment: StoreEnvironment): Promise<OpenStore> {
  const { clock, signal } = environment
  const backoff = new Backoff()
  const endsAtMs = clock.monotonicMs() + OPEN_MS_MAX
  for (;;) {
    try {
      return await store.open(environment)
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
