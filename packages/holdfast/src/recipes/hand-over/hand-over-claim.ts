/** The giver's side: a last long renewal that outlives the process, and then nothing is sent for the claim any more. */
import type { LockClient } from '../../client/client.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { Lease } from '../../lease/lease.ts'
import { Misuse, Unsupported } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import { formatMs } from '../../time/duration.ts'
import { AdoptedLease } from './adopted-lease.ts'
import { formatHandOver } from './hand-over-text.ts'

/** A lock that nothing renews for longer than this is told of. */
const TOLD_FROM_MS = 60 * 60 * 1_000

/** Without `withinMs` it is the ttl of the lease. */
export async function handedOver(client: LockClient, lease: Lease, withinMs: number | undefined): Promise<string> {
  lease.assertHeld()
  const held = lease instanceof AdoptedLease ? lease.inner : heldBy(client, lease)
  const { facts } = await client.open()
  checkHandOver(facts, held, withinMs ?? held.ttlMs)
  if (withinMs !== undefined && withinMs > TOLD_FROM_MS) tellLength(client, held, withinMs)
  await outlasting(client, held, withinMs ?? held.ttlMs)
  const text = formatHandOver(held)
  held.disarm()
  // The receiver needs it.
  if (lease instanceof AdoptedLease) await lease.place.release()
  return text
}

function tellLength({ logger }: LockClient, { name }: HeldLease, withinMs: number): void {
  logger?.warn(`"${name}" is handed over for ${formatMs(withinMs)}: it stays taken for so long when it is not adopted`)
}

/** What has a work or a second claim beside it is not one claim, and cannot go on elsewhere. */
function heldBy(client: LockClient, lease: Lease): HeldLease {
  const held = [...client.leases].find((each) => each === lease)
  if (held !== undefined) return held
  throw new Misuse(
    'only a lease that acquire(), tryAcquire() or adopt() of this very client returned can be handed over',
    {
      resource: lease.name,
    },
  )
}

function checkHandOver({ ttl, engine }: Facts, { name }: HeldLease, withinMs: number): void {
  if (ttl.per === 'session') {
    throw new Unsupported(
      `${engine}: a claim ends with the session of its process, so no other one can go on with it`,
      {
        resource: name,
      },
    )
  }
  if (withinMs <= ttl.maxMs) return
  throw new Unsupported(`${engine} grants a lease of at most ${ttl.maxMs} ms, within is ${withinMs} ms`, {
    resource: name,
  })
}

/** A life that is a millisecond longer than every one before: by that the answer to this renewal is known from theirs. */
async function outlasting(client: LockClient, lease: HeldLease, withinMs: number): Promise<void> {
  const wantedMs = Math.max(withinMs, lease.ttlMs) + 1
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const stopListening = client.events.on('renewed', ({ token, name }) => {
    if (token === lease.ref.token && name === lease.name && lease.lifeMs > wantedMs - 1) resolve()
  })
  const { signal } = lease
  const onLoss = (): void => reject(signal.reason)
  signal.addEventListener('abort', onLoss, { once: true })
  if (signal.aborted) onLoss()
  try {
    lease.lengthen(wantedMs, true)
    await promise
  } finally {
    stopListening()
    signal.removeEventListener('abort', onLoss)
  }
  lease.assertHeld()
}
