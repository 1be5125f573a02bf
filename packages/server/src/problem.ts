/** An error as the body of an answer (RFC 9457), with the codes of the library. */
import { type ErrorCode, HoldfastError, StaleToken, WaitTimeout } from 'holdfast'
import { Refusal } from './refusal.ts'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  /** Asking again, with the same id, may succeed and does no harm. */
  readonly retryable: boolean
  readonly waitedMs?: number
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

export function problemOf(error: unknown): Problem {
  if (error instanceof Refusal) return problem(error.code, error.status, error.message)
  // What is no error of ours may say anything, so its words stay here.
  if (!(error instanceof HoldfastError)) return problem('INTERNAL', 500, 'the server failed at this request')
  const body = problem(error.code, statusOf[error.code], error.message)
  if (error instanceof WaitTimeout) return { ...body, waitedMs: Math.round(error.waitedMs) }
  if (error instanceof StaleToken) return { ...body, held: String(error.held), needed: String(error.needed) }
  return body
}

function problem(code: string, status: number, detail: string): Problem {
  const title = code.toLowerCase().replaceAll('_', ' ')
  return { type: `urn:holdfast:error:${code}`, title, status, detail, code, retryable: RETRYABLE.has(code) }
}
