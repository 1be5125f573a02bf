/** A request that carries the token of its lease, and whose refusals come back as the errors of a guard. */
import { OutcomeUnknown, StaleToken } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import { admissions, type GuardOptions } from '../admission.ts'
import { publishRefusal } from '../channels.ts'
import { fencingHeaders } from './header.ts'
import { errorIn, PROBLEM_TYPE } from './problem.ts'

export interface FencedFetchOptions extends RequestInit, GuardOptions {}

/**
 * `fetch` with the header `Fencing-Token`. Resolves with every answer of the server but a refusal of its guard: that rejects with
 * `StaleToken`, `Misuse`, `Unsupported` or, when the resource stayed busy, `StoreUnavailable`, and nothing was done. Rejects with
 * `LeaseLost` before anything is sent when the lease is known to be lost, and with `OutcomeUnknown` when no answer came, also
 * after an abort: the request may have been carried out. Nothing is sent again.
 *
 * @example
 * ```ts
 * const { seat } = await (await fencedFetch(lease, url)).json()
 * await fencedFetch(lease, url, { method: 'PUT', body: JSON.stringify({ ...seat, buyer }), signal: lease.signal })
 * ```
 */
export async function fencedFetch(
  lease: Fenced,
  url: string | URL,
  { maxAhead, clock, ...init }: FencedFetchOptions = {},
): Promise<Response> {
  const options = { ...(maxAhead === undefined ? {} : { maxAhead }), ...(clock === undefined ? {} : { clock }) }
  admissions(options, 'fetch')(lease)
  const headers = new Headers(init.headers)
  for (const [name, value] of Object.entries(fencingHeaders(lease))) headers.set(name, value)
  // What is wrong with the request itself is said here, before anything is sent.
  const request = new Request(url, { ...init, headers })
  let response: Response
  try {
    response = await fetch(request)
  } catch (cause) {
    throw new OutcomeUnknown(
      `${lease.name}: no answer from the server, so the request may have been carried out or not. Read what it left behind`,
      { resource: lease.name, cause },
    )
  }
  const refusal = await refusalIn(response, lease.name)
  if (refusal instanceof StaleToken) publishRefusal('fetch', lease, refusal.needed)
  if (refusal !== undefined) throw refusal
  return response
}

async function refusalIn(response: Response, name: string): Promise<Error | undefined> {
  const [type] = (response.headers.get('content-type') ?? '').split(';')
  if (response.ok || type !== PROBLEM_TYPE) return undefined
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined)
  return errorIn(body, name)
}
