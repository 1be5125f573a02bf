/** What an error of an engine means for the caller: by its code, never by its words. */
import {
  CERTIFICATE,
  CERTIFICATE_WORDS,
  NOT_REACHED,
  REFUSED_CERTIFICATE,
  REFUSED_CERTIFICATE_WORDS,
} from './connection-codes.ts'
import { HoldfastError, NotApplied, OutcomeUnknown, StoreUnavailable } from './errors.ts'
import { driversWords } from './drivers-words.ts'

/** `passing`: it surely did nothing, and may be asked again. `away`: it cannot work now. `final`: only a change of the set-up helps. */
export type EngineErrorKind = 'passing' | 'away' | 'final' | 'unknown'

export interface EngineMeaning {
  readonly kind: EngineErrorKind
  /** Completes "PostgreSQL …". */
  readonly words: string
  /** As the manual of the server lists it. */
  readonly code: string
}

/** `undefined` for what the server did not say. */
export type MeaningOf = (error: unknown) => EngineMeaning | undefined

export interface CallFailure {
  /** What was being done, for people. */
  readonly what: string
  readonly engine: string
  /** A connection was still to be made, or given out by a pool: nothing was sent. */
  readonly isUnsent: boolean
  readonly meaningOf: MeaningOf
}

/** An error of ours passes as it is. */
export function engineError(error: unknown, call: CallFailure): unknown {
  if (error instanceof HoldfastError) return error
  const { what, engine, isUnsent, meaningOf } = call
  const cause = new Error(driversWords(error))
  const said = `. The driver said: ${driversWords(error)}`
  const meaning = meaningOf(error)
  if (meaning !== undefined) {
    const { kind, words } = meaning
    const message = `${what}: ${engine} ${words} (${meaning.code})${said}`
    if (kind === 'passing') return new NotApplied(message, { cause })
    if (kind === 'unknown' && !isUnsent) return new OutcomeUnknown(message, { cause })
    return new StoreUnavailable(message, { cause, isFinal: kind === 'final' })
  }
  const code = codeOf(error)
  if (code !== undefined && NOT_REACHED.has(code)) {
    const words = `${engine} cannot be reached (${code}). Check the address, and whether it runs`
    return new StoreUnavailable(`${what}: ${words}${said}`, { cause })
  }
  if (code !== undefined && CERTIFICATE.test(code)) {
    return new StoreUnavailable(`${what}: ${engine} ${CERTIFICATE_WORDS}${said}`, { cause, isFinal: true })
  }
  // In the middle of a connection it says nothing about what was asked before.
  if (isUnsent && code !== undefined && REFUSED_CERTIFICATE.test(code)) {
    return new StoreUnavailable(`${what}: ${engine} ${REFUSED_CERTIFICATE_WORDS}${said}`, { cause, isFinal: true })
  }
  if (isUnsent) return new StoreUnavailable(`${what}: no connection to ${engine} came about${said}`, { cause })
  return new OutcomeUnknown(`${what}: the connection to ${engine} failed before the answer came${said}`, { cause })
}

export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
