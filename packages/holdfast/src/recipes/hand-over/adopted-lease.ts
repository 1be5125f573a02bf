/**
 * The receiver's side: the same claim and token, held by the process that has the mutex of its adoption. That mutex lasts longer
 * than the lease whatever is lost, so who gets it later finds the lease ended: at no time do two hold one claim.
 */
import type { LockClient } from '../../client/client.ts'
import { HeldLease } from '../../lease/held-lease.ts'
import { LockAttempt } from '../../lease/lock-attempt.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import { LeaseProxy } from '../../lease/lease-proxy.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { HoldfastError, isPassing, LeaseLost, OutcomeUnknown } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { Held } from '../../store/standing.ts'
import type { Ref } from '../../store/claim.ts'
import { lookAt, query } from '../../client/query.ts'
import { Backoff } from '../../time/backoff.ts'
import { sleep } from '../../time/clock.ts'
import { acquire } from '../../wait/acquire.ts'
import { mutexShape } from '../mutex.ts'
import { AlreadyAdopted } from './hand-over.ts'
import { adoptionName, type HandedClaim } from './hand-over-text.ts'

/** Of the mutex beyond two ttls of the lease. */
const LONGER_MS = 1_000

export class AdoptedLease extends LeaseProxy {
  readonly inner: HeldLease
  /** The mutex of the adoption. */
  readonly place: HeldLease

  constructor(inner: HeldLease, place: HeldLease) {
    super(inner)
    this.inner = inner
    this.place = place
    const { signal } = inner
    // Given back, it would let another process find the rest of a lease that is lost here.
    signal.addEventListener('abort', () => inner.loss !== undefined && place.stopRenewing(), { once: true })
    place.signal.addEventListener('abort', () => void inner.revoke('its adoption was taken away'), { once: true })
  }

  override async release(): Promise<ReleaseOutcome> {
    const wasHeld = this.inner.isHeld()
    const outcome = await this.inner.release()
    if (wasHeld) await this.place.release()
    return outcome
  }
}

export async function adopted(
  client: LockClient,
  claim: HandedClaim,
  settings: AcquireSettings,
): Promise<AdoptedLease> {
  const { name, mode, weight, capacity, token, id } = claim
  const place = await placeOf(client, claim, settings)
  const ref = { resource: client.resourceOf(name), id, token }
  try {
    const standing = await renewed(client, name, ref, settings.ttlMs)
    const note = await noteOf(client, name, token)
    const shape = { name, mode, weight, capacity }
    const attempt = new LockAttempt(client.namespace, shape)
    const lease = new HeldLease({ attempt, shape, ref, outcomeUnknown: false }, standing, { ...settings, note }, client)
    client.began(lease)
    client.events.emit('acquired', { ...attempt.traceable, token, waitedMs: 0 })
    return new AdoptedLease(lease, place)
  } catch (error) {
    await place.undo()
    throw error
  }
}

async function placeOf(client: LockClient, claim: HandedClaim, settings: AcquireSettings): Promise<HeldLease> {
  const name = adoptionName(claim)
  const { facts } = await client.open()
  const lockDelayMs = facts.unsupported.lockDelay === undefined ? settings.ttlMs : 0
  const longer = { ...settings, stopBeforeMs: 0, ttlMs: settings.ttlMs * 2 + LONGER_MS, lockDelayMs }
  const request = { shape: mutexShape(name), resource: client.resourceOf(name), queue: false, settings: longer }
  const place = await acquire(client, request)
  if (place !== null) return place
  throw new AlreadyAdopted(`another process goes on with "${claim.name}" (token ${claim.token}) by this text`, {
    resource: claim.name,
  })
}

/** Renewals that carry something else carry it along. */
async function noteOf(client: LockClient, name: string, token: bigint): Promise<string> {
  try {
    const { claims } = await lookAt(client, name)
    return claims.find((claim) => claim.token === token)?.note ?? ''
  } catch {
    return ''
  }
}

/** Repeating is harmless, so a lost answer is asked for again: at most for as long as one call may take. */
async function renewed(
  client: LockClient,
  name: string,
  ref: Ref & { readonly token: bigint },
  ttlMs: number,
): Promise<Held> {
  const endsAtMs = client.clock.monotonicMs() + ATTEMPT_MS_MAX
  const backoff = new Backoff()
  for (;;) {
    try {
      const [answer] = await query(client, { name, changes: true }, (store) => store.renew([{ ref, ttlMs }]))
      if (answer instanceof HoldfastError) throw answer
      if (answer?.kind === 'held') return answer
      throw new LeaseLost(
        `the lock "${name}" (token ${ref.token}) had ended before it was adopted: hand it over with a longer within`,
        { resource: name },
      )
    } catch (error) {
      const isWorth = isPassing(error) || (error instanceof HoldfastError && error.code === 'NOT_APPLIED')
      if (!isWorth) throw error
      if (client.clock.monotonicMs() >= endsAtMs)
        throw new OutcomeUnknown(`whether "${name}" goes on is not known: the store did not answer`, { cause: error })
    }
    await sleep(client.clock, backoff.nextMs())
  }
}
