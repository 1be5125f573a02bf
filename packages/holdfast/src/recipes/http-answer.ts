/** What a web application answers when a lock failed it: one table for every framework. */
import { type ErrorCode, HoldfastError } from '../store/errors.ts'

/** An answer for a client over HTTP, with a problem body (RFC 9457) that names neither locks nor owners. */
export interface HttpAnswer {
  readonly status: 409 | 423 | 503
  readonly headers: Readonly<Record<string, string>>
  readonly body: {
    readonly type: string
    readonly title: string
    readonly status: number
    readonly code: ErrorCode
  }
}

interface HttpAnswerRow {
  readonly status: HttpAnswer['status']
  readonly title: string
  /** Absent where the work may have happened: then a client that asks again may do it twice. */
  readonly retryAfterS?: number
}

const rows: Readonly<Partial<Record<ErrorCode, HttpAnswerRow>>> = {
  WAIT_TIMEOUT: { status: 409, title: 'The resource is in use.', retryAfterS: 1 },
  LEASE_LOST: { status: 423, title: 'The lock was lost before the work ended.' },
  STALE_TOKEN: { status: 423, title: 'The resource was taken over by a later request.' },
  STORE_UNAVAILABLE: { status: 503, title: 'Locks are unavailable.', retryAfterS: 2 },
  NOT_APPLIED: { status: 503, title: 'Locks are unavailable.', retryAfterS: 2 },
  OUTCOME_UNKNOWN: { status: 503, title: 'It is unknown whether the lock was taken.' },
}

/**
 * The answer for an error of the library: 409 for a lock that stayed busy, 423 for one that was lost, 503 for a store that is
 * away, with `Retry-After` in seconds where asking again does no harm. Undefined for every other error, and for a mistake of the
 * program (`MISUSE`, `UNSUPPORTED`): these are for its own error handler, which answers 500.
 *
 * @example
 * ```ts
 * app.onError((error, context) => {
 *   const answer = httpAnswer(error)
 *   if (answer === undefined) throw error
 *   return new Response(JSON.stringify(answer.body), answer)
 * })
 * ```
 */
export function httpAnswer(error: unknown): HttpAnswer | undefined {
  if (!(error instanceof HoldfastError)) return undefined
  const row = rows[error.code]
  if (row === undefined) return undefined
  const { status, title, retryAfterS } = row
  const { code } = error
  const retry = retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }
  const headers = { 'content-type': 'application/problem+json', ...retry }
  return { status, headers, body: { type: `urn:holdfast:error:${code}`, title, status, code } }
}
