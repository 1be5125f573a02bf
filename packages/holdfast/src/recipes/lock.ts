/**
 * The three verbs, the same for every recipe: try, wait, and run under the lock. A recipe only says what its claim
 * weighs on which line.
 */
import type { HeldLease } from '../core/held.ts'
import { LeaseLost, Misuse, type Outcome } from '../core/errors.ts'
import type { ClaimRequest, Lease, Mode } from '../core/lease.ts'
import { type AcquireOptions, type AcquireSettings, acquireSettings, type HoldfastOptions } from '../core/options.ts'
import type { Reentry } from '../core/reentry.ts'
import type { Session } from '../core/session.ts'
import { obtain, obtainOrThrow } from '../core/waiting.ts'

/** What recipes share: the session, the client's own defaults, and the leases the running code stands in. */
export interface Client {
  readonly session: Session
  readonly defaults: HoldfastOptions
  /** What a call without options asks for: checked once, because most calls have none. */
  readonly settings: AcquireSettings
  readonly reentry: Reentry
}

/** A place on a line: what a recipe is made of. */
export interface Place {
  readonly name: string
  readonly mode: Mode
  readonly weight: number
  readonly capacity: number
  /** The entry of `facts.lacks` that would deny it. */
  readonly needs?: 'semaphore' | 'readWrite'
}

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

export async function take(client: Client, place: Place, queue: true, options?: AcquireOptions): Promise<Lease>
export async function take(
  client: Client,
  place: Place,
  queue: boolean,
  options?: AcquireOptions,
): Promise<Lease | null>
export async function take(
  client: Client,
  place: Place,
  queue: boolean,
  options?: AcquireOptions,
): Promise<Lease | null> {
  const request = requestOf(client, place, queue, options)
  const shared = client.reentry.find(request)
  return shared ?? (await obtain(client.session, request))
}

export async function use<T>(
  client: Client,
  place: Place,
  options: AcquireOptions | undefined,
  work: Work<T>,
): Promise<T> {
  if (typeof work !== 'function') throw new Misuse('using() needs the work to do: using(name, options, (lease) => …)')
  const request = requestOf(client, place, true, options)
  const shared = client.reentry.find(request)
  if (shared !== undefined) return await work(shared)
  const lease = await obtainOrThrow(client.session, request)
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

/** The verbs of a recipe whose place depends on the call, such as the number of permits. */
export function lockWith<Options extends AcquireOptions>(
  client: Client,
  placeFor: (options?: Options) => Place,
): Lock<Options> {
  return {
    tryAcquire: async (options) => take(client, placeFor(options), false, options),
    acquire: async (options) => take(client, placeFor(options), true, options),
    using: async <T>(...call: [Work<T>] | [Options, Work<T>]) => {
      const [options, work] = call.length === 1 ? [undefined, call[0]] : call
      return use(client, placeFor(options), options, work)
    },
  }
}

function requestOf(client: Client, place: Place, queue: boolean, options: AcquireOptions | undefined): ClaimRequest {
  const settings = options === undefined ? client.settings : acquireSettings(options, client.defaults)
  const { name, mode, weight, capacity, needs } = place
  const resource = client.session.resourceOf(name)
  // Field by field: a spread here was a tenth of the cost of a lock.
  return { name, resource, mode, weight, capacity, needs, queue, settings }
}

function lostWith(lease: HeldLease, message: string, outcome: Outcome): LeaseLost {
  const cause = 'threw' in outcome ? outcome.threw : undefined
  return new LeaseLost(message, { resource: lease.name, outcome, cause })
}
