/** What a caller is told when a wait ends without a lease. */
import { StoreUnavailable, WaitTimeout } from '../store/errors.ts'
import type { ClaimRequest } from './claim-request.ts'
import type { WaitLimit } from './wait-limit.ts'

/** In the words of the store, which say the way out. */
export function refusedFinally(name: string, cause: unknown): StoreUnavailable {
  const words = cause instanceof Error ? cause.message : String(cause)
  return new StoreUnavailable(`"${name}" cannot be asked for: ${words}`, { resource: name, cause, isFinal: true })
}

/** What the caller is told when the wait is over: what stood in the way. */
export function explained(error: unknown, request: ClaimRequest, limit: WaitLimit, trouble: unknown): unknown {
  if (!limit.timedOut(error)) return error
  const { name } = request.shape
  return trouble === undefined ? tooLong(name, limit.waitedMs) : notAsked(name, limit, trouble)
}

function notAsked(name: string, { waitedMs }: WaitLimit, cause: unknown): StoreUnavailable {
  const words = cause instanceof Error ? cause.message : String(cause)
  return new StoreUnavailable(`"${name}" could not be asked for within ${Math.round(waitedMs)} ms: ${words}`, {
    resource: name,
    cause,
  })
}

export function tooLong(name: string, waitedMs: number): WaitTimeout {
  const words = waitedMs > 0 ? `did not become free within ${Math.round(waitedMs)} ms` : 'is not free'
  return new WaitTimeout(`"${name}" ${words}. Wait longer (wait), or look who holds it (inspect).`, {
    resource: name,
    waitedMs,
  })
}
