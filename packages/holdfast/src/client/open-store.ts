/**
 * Opening a store: each try bounded in time, repeated while the store is busy, loads its data or is not there, and refused
 * when it promises less than is required. To the caller a store that did not open is unavailable, whatever became of the
 * last try.
 */
import { Backoff } from '../time/backoff.ts'
import { answerWithin } from '../time/call-limit.ts'
import { sleep } from '../time/clock.ts'
import { HoldfastError, isFinal, NotApplied, OutcomeUnknown, StoreUnavailable } from '../store/errors.ts'
import { ATTEMPT_MS_MAX, OPEN_MS_MAX } from '../store/limits.ts'
import type { OpenStore, Store, StoreEnvironment } from '../store/store.ts'
import type { SafetyClass } from '../store/facts.ts'
import { belowRequired } from './required-class.ts'

export interface OpenRequest {
  readonly environment: StoreEnvironment
  /** The least class that will do. */
  readonly require: SafetyClass | undefined
  /** How long a store that is not there is asked again; one that is only busy has ATTEMPT_MS_MAX at least. */
  readonly openWaitMs: number
  /** A try failed, and the next one comes. */
  onTrouble(error: HoldfastError): void
}

/** A server that comes up is found this soon at the latest; and one that is away for hours costs little. */
const RETRY_MS_MAX = 1_000

export async function openStore(store: Store, request: OpenRequest): Promise<OpenStore> {
  const { environment, require } = request
  const opened = await openInTime(store, request).catch((cause: unknown) => {
    if (cause instanceof HoldfastError && !(cause instanceof NotApplied || cause instanceof OutcomeUnknown)) throw cause
    const words = cause instanceof Error ? cause.message : String(cause)
    throw new StoreUnavailable(`the store could not be opened: ${words}`, { cause, isFinal: isFinal(cause) })
  })
  const refusal = belowRequired(opened.facts, require)
  if (refusal === undefined) return opened
  await answerWithin(environment.timers, opened.close(), OPEN_MS_MAX, 'closing the store').catch(() => undefined)
  throw refusal
}

async function openInTime(store: Store, request: OpenRequest): Promise<OpenStore> {
  const { clock, signal } = request.environment
  const backoff = new Backoff(RETRY_MS_MAX)
  const startedMs = clock.monotonicMs()
  for (;;) {
    try {
      return await openOnce(store, request.environment)
    } catch (error) {
      if (!isWorthRepeating(error) || signal.aborted) throw error
      const limitMs = patienceMs(error, request)
      const leftMs = startedMs + limitMs - clock.monotonicMs()
      if (leftMs <= 0) throw afterAll(error, limitMs)
      request.onTrouble(error)
      await sleep(clock, Math.min(backoff.nextMs(), leftMs), signal)
    }
  }
}

/** An opening that hangs must not be the last one: it is aborted, and what it opens late is closed. */
async function openOnce(store: Store, environment: StoreEnvironment): Promise<OpenStore> {
  const timeout = new AbortController()
  const signal = AbortSignal.any([environment.signal, timeout.signal])
  const opening = store.open({ ...environment, signal })
  return answerWithin(environment.timers, opening, OPEN_MS_MAX, 'opening the store').catch((error: unknown) => {
    timeout.abort(error)
    opening.then(
      (late) => late.close(),
      () => undefined,
    )
    throw error
  })
}

type OpeningError = NotApplied | OutcomeUnknown | StoreUnavailable

/** What is final stays so whatever is done here, and anything that is not the store's own word is a defect. */
function isWorthRepeating(error: unknown): error is OpeningError {
  const isEngineError =
    error instanceof NotApplied || error instanceof OutcomeUnknown || error instanceof StoreUnavailable
  return isEngineError && !error.isFinal
}

/** A file that others are opening is free in a moment: nobody who will not wait for a server means that. */
function patienceMs(error: OpeningError, { openWaitMs }: OpenRequest): number {
  return error instanceof StoreUnavailable ? openWaitMs : Math.max(openWaitMs, ATTEMPT_MS_MAX)
}

/** Whoever hears no answer is not helped by looking for what keeps the store busy. */
function afterAll(error: OpeningError, limitMs: number): StoreUnavailable {
  const again = `it was asked again for ${limitMs} ms`
  const details = { cause: error }
  if (error instanceof NotApplied) {
    const words = `${error.message}, and stayed so for ${limitMs} ms: end what is in its way, or try again`
    return new StoreUnavailable(words, details)
  }
  if (error instanceof OutcomeUnknown) {
    const words = `${error.message}; ${again}: check that it runs, and that answers get through to here`
    return new StoreUnavailable(words, details)
  }
  return limitMs === 0 ? error : new StoreUnavailable(`${error.message}; ${again} (openWait)`, details)
}
