/** A refusal as it goes over the wire: a status and a problem body (RFC 9457), and back into the error at the client. */
import { type ErrorCode, HoldfastError, Misuse, StaleToken, StoreUnavailable, Unsupported } from '../../store/errors.ts'
import { fencingToken } from '../../lease/sequencer.ts'
import { HeaderMissing } from './header.ts'

export const PROBLEM_TYPE = 'application/problem+json'
const TYPE_PREFIX = 'urn:holdfast:'
const RETRY_AFTER_S = 1

/** An answer in place of that of the handler. */
export interface Problem {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What refuses a request before its work began; then everything else is an error of the server. */
const STATUS: Readonly<Partial<Record<ErrorCode, readonly [status: number, title: string]>>> = {
  STALE_TOKEN: [412, 'Stale fencing token'],
  MISUSE: [400, 'Not a holder of this lock'],
  UNSUPPORTED: [400, 'Not a holder of this lock'],
  WAIT_TIMEOUT: [503, 'The resource is busy'],
}
const MISSING = [428, 'A fencing token is required'] as const

/**
 * The answer to a refusal, or nothing where the error is none. Of work that has begun only the refusal of its own token is one: a
 * handler may be the client of another guard.
 */
export function problemOf(error: unknown, begunWith: bigint | undefined): Problem | undefined {
  if (!(error instanceof HoldfastError)) return undefined
  if (begunWith !== undefined && !(error instanceof StaleToken && error.held === begunWith)) return undefined
  const known = error instanceof HeaderMissing ? MISSING : STATUS[error.code]
  if (known === undefined) return undefined
  const [status, title] = known
  const tokens = error instanceof StaleToken ? { held: String(error.held), needed: String(error.needed) } : {}
  const type = TYPE_PREFIX + error.code.toLowerCase().replaceAll('_', '-')
  return {
    status,
    headers: { 'content-type': PROBLEM_TYPE, ...(status === 503 ? { 'retry-after': String(RETRY_AFTER_S) } : {}) },
    body: JSON.stringify({ type, title, status, detail: error.message, ...tokens }),
  }
}

/** The error that a problem body of ours stands for, or nothing where it is of another origin. */
export function errorIn(body: unknown, name: string): HoldfastError | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { type, detail, held, needed } = body as Readonly<Record<string, unknown>>
  if (typeof type !== 'string' || typeof detail !== 'string') return undefined
  const details = { resource: name }
  switch (type) {
    case `${TYPE_PREFIX}stale-token`: {
      const [mine, newest] = [tokenIn(held), tokenIn(needed)]
      if (mine === undefined || newest === undefined) return undefined
      return new StaleToken(detail, { ...details, held: mine, needed: newest })
    }
    case `${TYPE_PREFIX}misuse`:
      return new Misuse(detail, details)
    case `${TYPE_PREFIX}unsupported`:
      return new Unsupported(detail, details)
    case `${TYPE_PREFIX}wait-timeout`:
      return new StoreUnavailable(`${detail} (said the server; nothing was done)`, details)
    default:
      return undefined
  }
}

function tokenIn(text: unknown): bigint | undefined {
  if (typeof text !== 'string' || !/^[0-9]{1,19}$/.test(text)) return undefined
  return fencingToken(BigInt(text))
}
