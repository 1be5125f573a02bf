/** `holdfast/hand-over`: one process takes a lock, another one goes on with it, and it is never free in between. */
import { clientOf } from '../../client/client-registry.ts'
import { acquireSettings, checkKeys } from '../../client/options.ts'
import type { Lease } from '../../lease/lease.ts'
import { Misuse } from '../../store/errors.ts'
import { durationMs, formatMs } from '../../time/duration.ts'
import type { Locks } from '../locks.ts'
import { adopted } from './adopted-lease.ts'
import type { AdoptOptions, HandOverOptions } from './hand-over.ts'
import { parseHandOver } from './hand-over-text.ts'
import { handedOver } from './hand-over-claim.ts'

export { AlreadyAdopted, type AdoptOptions, type HandOverOptions } from './hand-over.ts'

const HOUR_MS = 60 * 60 * 1_000
const WITHIN_MS = { minMs: 1_000, maxMs: 23 * HOUR_MS }

/**
 * Makes a text with which exactly one other process at a time can go on holding, and ends the lease here: it is `released`,
 * nothing is renewed, `assertHeld()` throws, and the lock stays taken. End all writes before: the token is the receiver's. The
 * text is a secret, because it can release the lock. Rejects with `LeaseLost` when the last renewal is not answered before
 * the lease ends, and with `Unsupported` where a claim dies with the session of its process.
 *
 * @example
 * const lease = await locks.acquire('deploy')
 * const text = await handOver(locks, lease, { within: '1h' })
 */
export async function handOver(locks: Locks, lease: Lease, options: HandOverOptions = {}): Promise<string> {
  const client = clientOf(locks)
  checkKeys(options, ['within'])
  const { within } = options
  const withinMs = within === undefined ? undefined : durationMs('within', within, WITHIN_MS)
  return await handedOver(client, lease, withinMs)
}

/**
 * Goes on with a lease that another process handed over: the same token, renewed from here. Rejects with `LeaseLost` when it ended
 * meanwhile, `AlreadyAdopted` when another process holds it by the same text, `Misuse` for a text that is none.
 *
 * @example
 * await using lease = await adopt(locks, process.env['HOLDFAST_HANDOVER'] ?? '')
 */
export async function adopt(locks: Locks, text: string, options: AdoptOptions = {}): Promise<Lease> {
  const client = clientOf(locks)
  checkKeys(options, ['ttl', 'stopBefore'])
  const claim = parseHandOver(text)
  if (claim.namespace !== client.namespace) {
    throw new Misuse(`the lock is of namespace "${claim.namespace}", and this client of "${client.namespace}"`)
  }
  const settings = acquireSettings(options, client.defaults)
  if (settings.ttlMs > HOUR_MS) {
    throw new Misuse(
      `the ttl of an adopted lease must be at most ${formatMs(HOUR_MS)}, got ${formatMs(settings.ttlMs)}`,
    )
  }
  return await adopted(client, claim, settings)
}
