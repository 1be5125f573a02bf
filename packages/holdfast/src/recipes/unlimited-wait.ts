/** A wait that ends with a lease, its signal or what no waiting can heal: outages pass, and a wait that is over is begun anew. */
import type { LockClient } from '../client/client.ts'
import type { HeldLease } from '../lease/held-lease.ts'
import type { LockShape } from '../lease/lock-shape.ts'
import type { AcquireSettings } from '../lease/settings.ts'
import { isPassing, WaitTimeout } from '../store/errors.ts'
import { WAIT_MS_MAX } from '../store/limits.ts'
import { Backoff } from '../time/backoff.ts'
import { sleep } from '../time/clock.ts'
import { acquireOrThrow } from '../wait/acquire.ts'

/** A store that is away, and a line that is full, are asked again this often at least. */
const RETRY_MS_MAX = 1_000

/** As `acquireInTheEnd`, or for at most `waitMs` where that is given; then with `WaitTimeout` at its end. */
export async function acquireWithin(
  client: LockClient,
  shape: LockShape,
  settings: AcquireSettings,
  signal: AbortSignal | undefined,
  waitMs: number | undefined,
): Promise<HeldLease> {
  if (waitMs === undefined) return await acquireInTheEnd(client, shape, settings, signal)
  const wanted = { ...settings, waitMs, signal }
  return await acquireOrThrow(client, {
    shape,
    resource: client.resourceOf(shape.name),
    queue: true,
    settings: wanted,
  })
}

/** Rejects with the signal's reason, or with an error that asking again cannot change. The lease is held when it resolves. */
export async function acquireInTheEnd(
  client: LockClient,
  shape: LockShape,
  settings: AcquireSettings,
  signal: AbortSignal | undefined,
): Promise<HeldLease> {
  const backoff = new Backoff(RETRY_MS_MAX)
  const ends = signal === undefined ? client.closing : AbortSignal.any([signal, client.closing])
  const resource = client.resourceOf(shape.name)
  for (;;) {
    signal?.throwIfAborted()
    try {
      const wanted = { ...settings, waitMs: WAIT_MS_MAX, signal }
      const lease = await acquireOrThrow(client, { shape, resource, queue: true, settings: wanted })
      // Between the grant and this line the machine may have slept, or an operator have evicted it.
      if (lease.isHeld()) return lease
      await lease.release()
    } catch (error) {
      signal?.throwIfAborted()
      if (client.isClosed || !(isPassing(error) || error instanceof WaitTimeout)) throw error
    }
    await sleep(client.clock, backoff.nextMs(), ends)
  }
}
