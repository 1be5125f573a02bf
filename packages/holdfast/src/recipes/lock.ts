/**
 * The three verbs, the same for every recipe: try, wait, and run under the lock. A recipe only says what its claim
 * weighs on which line.
 */
import type { HeldLease } from '../lease/held-lease.ts'
import { LeaseLost, Misuse, type Outcome } from '../store/errors.ts'
import type { Lease } from '../lease/lease.ts'
import type { LockShape } from '../lease/lock-shape.ts'
import type { ClaimRequest } from '../wait/claim-request.ts'
import { type AcquireOptions, acquireSettings } from '../client/options.ts'
import type { Reentry } from '../client/reentry.ts'
import type { LockClient } from '../client/client.ts'
import { acquire, acquireOrThrow } from '../wait/acquire.ts'

export type Work<T> = (lease: Lease) => T | PromiseLike<T>

/** The lock of one name, in one mode. */
export interface Lock<Options = AcquireOptions> {
  /** The lease, or null when it is held already. Throws only when that cannot be found out (within 5 s), or for misuse. */
  tryAcquire(options?: Options): Promise<Lease | null>
  /** Waits for the turn, at most `wait`; throws `WaitTimeout`, or the reason of the signal. */
  acquire(options?: Options): Promise<Lease>
  /**
   * Runs the work under the lock and releases it, whatever happens. Rejects with `LeaseLost` when the lease was lost
   * before the work ended; the error carries what the work returned or threw.
   */
  using<T>(work: Work<T>): Promise<T>
  using<T>(options: Options, work: Work<T>): Promise<T>
}

export async function take(client: LockClient, shape: LockShape, queue: true, options?: AcquireOptions): Promise<Lease>
export async function take(
  client: LockClient,
  shape: LockShape,
  queue: boolean,
  options?: AcquireOptions,
): Promise<Lease | null>
export async function take(
  client: LockClient,
  shape: LockShape,
  queue: boolean,
  options?: AcquireOptions,
): Promise<Lease | null> {
  const request = requestOf(client, shape, queue, options)
  const shared = client.reentry.find(request)
  return shared ?? (await acquire(client, request))
}

export async function use<T>(
  client: LockClient,
  shape: LockShape,
  options: AcquireOptions | undefined,
  work: Work<T>,
): Promise<T> {
  if (typeof work !== 'function') throw new Misuse('using() needs the work to do: using(name, options, (lease) => …)')
  const request = requestOf(client, shape, true, options)
  const shared = client.reentry.find(request)
  if (shared !== undefined) return await work(shared)
  const lease = await acquireOrThrow(client, request)
  return await runUnder(client.reentry, [lease], () => work(lease))
}

/** Runs the work inside the leases' scope and gives them back; the error of the work always wins over that of the release. */
export async function runUnder<T>(
  reentry: Reentry,
  leases: readonly HeldLease[],
  work: () => T | PromiseLike<T>,
): Promise<T> {
  // Between the grant and this line the client may have been closed, or the machine have slept: then nothing is begun.
  if (!leases.every((lease) => lease.isHeld())) {
    await Promise.all(leases.map((lease) => lease.release()))
    for (const lease of leases) if (lease.loss !== undefined) lease.assertHeld()
  }
  let outcome: { readonly returned: T } | { readonly threw: unknown }
  try {
    outcome = { returned: await reentry.within(leases, work) }
  } catch (threw) {
    outcome = { threw }
  }
  // Asked before the release: afterwards every lease has ended.
  const losses = leases.map((lease) => lease.loss)
  const releases = await Promise.all(leases.map((lease) => lease.release()))
  leases.forEach((lease, index) => {
    const loss = losses[index]
    if (loss !== undefined) throw lostWith(lease, loss.message, outcome)
    if (releases[index] === 'expired') {
      throw lostWith(
        lease,
        `the lock "${lease.name}" (token ${lease.ref.token}) had ended in the store before the work did`,
        outcome,
      )
    }
  })
  if ('threw' in outcome) throw outcome.threw
  return outcome.returned
}

/** The verbs of a recipe whose shape depends on the call, such as the number of permits. */
export function lockWith<Options extends AcquireOptions>(
  client: LockClient,
  shapeFor: (options?: Options) => LockShape,
): Lock<Options> {
  return {
    tryAcquire: async (options) => take(client, shapeFor(options), false, options),
    acquire: async (options) => take(client, shapeFor(options), true, options),
    using: async <T>(...call: [Work<T>] | [Options, Work<T>]) => {
      const [options, work] = call.length === 1 ? [undefined, call[0]] : call
      return use(client, shapeFor(options), options, work)
    },
  }
}

function requestOf(
  client: LockClient,
  shape: LockShape,
  queue: boolean,
  options: AcquireOptions | undefined,
): ClaimRequest {
  const settings = options === undefined ? client.settings : acquireSettings(options, client.defaults)
  return { shape, resource: client.resourceOf(shape.name), queue, settings }
}

function lostWith(lease: HeldLease, message: string, outcome: Outcome): LeaseLost {
  const cause = 'threw' in outcome ? outcome.threw : undefined
  return new LeaseLost(message, { resource: lease.name, outcome, cause })
}
