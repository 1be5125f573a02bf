/** The header that a fenced request carries: the sequencer of its lease. */
import { Misuse } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import { acceptSequencer, type ExpectedLock, formatSequencer } from '../../lease/sequencer.ts'
import { assertHolder } from '../admission.ts'

const HEADER = 'Fencing-Token'
/** As `node:http` and Fastify show it. */
export const HEADER_FIELD = 'fencing-token'

/** A request without the header: told apart, because HTTP has a status of its own for it. */
export class HeaderMissing extends Misuse {}

/**
 * The header for a client of your own: `{ 'Fencing-Token': '<namespace>/<name>/<mode>/<token>' }`. Throws `LeaseLost` when the
 * lease is known to be lost, and `Misuse` for anything that is no lease or accepted sequencer.
 *
 * @example
 * ```ts
 * await axios.put(url, seat, { headers: fencingHeaders(lease) })
 * ```
 */
export function fencingHeaders(lease: Fenced): Record<'Fencing-Token', string> {
  assertHolder(lease)
  lease.assertHeld()
  return { [HEADER]: formatSequencer(lease) }
}

/** The holder that the header speaks for, of exactly the lock that the server expects. */
export function holderIn(header: unknown, expected: ExpectedLock): Fenced {
  if (header === undefined || header === null) {
    throw new HeaderMissing(
      `this needs the lock "${expected.name}": take it, and send its sequencer in the header ${HEADER}`,
      { resource: expected.name },
    )
  }
  // A header that came twice is a list in some frameworks and joined by commas in others; neither is a sequencer.
  if (typeof header !== 'string') throw new Misuse(`the header ${HEADER} must be there once`)
  return acceptSequencer(header, expected)
}
