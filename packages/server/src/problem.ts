/** An error as the body of an answer (RFC 9457), with the codes of the library. */
import { type ErrorCode, HoldfastError, Misuse, StaleToken, WaitTimeout } from 'holdfast'
import { Refusal } from './refusal.ts'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  /** Asking again, with the same id, may succeed and does no harm. */
  readonly retryable: boolean
  /** Not before so long, when it is retryable. */
  readonly retryAfterMs?: number
  /** The lock that was asked for, where there is one. */
  readonly name?: string
  readonly waitedMs?: number
  /** Of a lock that was not got: it is held and was not waited for, was waited for in vain, has a full line, or has another capacity. */
  readonly because?: 'busy' | 'timeout' | 'full' | 'capacity'
  /** What the name is in use with. */
  readonly capacity?: number
  readonly held?: string
  readonly needed?: string
}

const statusOf: Readonly<Record<ErrorCode, number>> = {
  MISUSE: 400,
  WAIT_TIMEOUT: 409,
  LEASE_LOST: 410,
  STALE_TOKEN: 412,
  UNSUPPORTED: 422,
  STORE_UNAVAILABLE: 503,
  NOT_APPLIED: 503,
  OUTCOME_UNKNOWN: 504,
}

const RETRYABLE: ReadonlySet<string> = new Set([
  'WAIT_TIMEOUT',
  'STORE_UNAVAILABLE',
  'NOT_APPLIED',
  'OUTCOME_UNKNOWN',
  'LIMITED',
  'DRAINING',
])

const CONFLICT = 409
/** A server that was too busy, or a lock that was, is seldom free at once. */
export const RETRY_AFTER_MS = 1_000

export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return problem(error.code, error.status, error.message)
  // What is no error of ours may say anything, so its words stay here.
  if (!(error instanceof HoldfastError)) return problem('INTERNAL', 500, 'the server failed at this request')
  const named = error.resource === undefined ? {} : { name: error.resource }
  const body = { ...problem(error.code, statusOf[error.code], error.message, isFinal(error)), ...named }
  if (error instanceof WaitTimeout) return { ...body, waitedMs: Math.round(error.waitedMs), because: becauseOf(error) }
  // Not the request is wrong, but that the name is used in two ways: a conflict.
  if (error instanceof Misuse && error.capacity !== undefined) {
    return { ...body, status: CONFLICT, because: 'capacity', capacity: error.capacity }
  }
  if (error instanceof StaleToken) return { ...body, held: String(error.held), needed: String(error.needed) }
  return body
}

function becauseOf({ because, waitedMs }: WaitTimeout): 'busy' | 'timeout' | 'full' {
  return because === 'timeout' && Math.round(waitedMs) === 0 ? 'busy' : because
}

function problem(code: string, status: number, detail: string, isFinal = false): Problem {
  const title = code.toLowerCase().replaceAll('_', ' ')
  const type = `urn:holdfast:error:${code}`
  if (isFinal || !RETRYABLE.has(code)) return { type, title, status, detail, code, retryable: false }
  return { type, title, status, detail, code, retryable: true, retryAfterMs: RETRY_AFTER_MS }
}

/** Asking again can only fail again, until the set-up of the store is changed. */
function isFinal(error: HoldfastError): boolean {
  return 'isFinal' in error && error.isFinal === true
}
