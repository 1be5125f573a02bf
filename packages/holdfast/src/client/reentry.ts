/**
 * Finds the lease a piece of code is already running under, so that taking the same lock again inside its own `using`
 * is an error at once and not a dead-lock until the wait ends. The async context knows; nothing is global.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Misuse } from '../store/errors.ts'
import type { HeldLease } from '../lease/held-lease.ts'
import type { Lease, ReleaseOutcome } from '../lease/lease.ts'
import type { ClaimRequest } from '../wait/claim-request.ts'
import { LeaseProxy } from '../lease/lease-proxy.ts'

interface Scope {
  readonly lease: HeldLease
  readonly outer: Scope | undefined
}

export class Reentry {
  readonly #scopes = new AsyncLocalStorage<Scope>()

  /** Runs the work so that `find` sees the lease from anywhere inside it. */
  within<T>(leases: readonly HeldLease[], work: () => T): T {
    let scope = this.#scopes.getStore()
    for (const lease of leases) scope = { lease, outer: scope }
    return scope === undefined ? work() : this.#scopes.run(scope, work)
  }

  /** The lease to share, or nothing when the lock has to be asked for; refuses what would wait for itself. */
  find(request: ClaimRequest): Lease | undefined {
    const { shape, queue, settings } = request
    const { name } = shape
    const outer = settings.detached ? undefined : this.heldHere(name)
    if (outer === undefined) return undefined
    const canBeShared = outer.shape.capacity === shape.capacity && outer.shape.weight >= shape.weight
    if (settings.reentrant && canBeShared) return new InnerLease(outer)
    // A try does not wait, not even for itself: the lock is busy.
    if (!queue && !settings.reentrant) return undefined
    if (!canBeShared) {
      throw new Misuse(
        `"${name}" is already held here as ${outer.mode} (${outer.shape.weight} of ${outer.shape.capacity}), which cannot be shared ` +
          `as ${shape.mode} (${shape.weight} of ${shape.capacity}): take the stronger lock from the start`,
        { resource: name },
      )
    }
    throw new Misuse(
      `"${name}" is already held by the using() this code runs in, and asking again would wait for itself. ` +
        'Pass the lease on, say { reentrant: true } to share it, or { detached: true } to claim a second place.',
      { resource: name },
    )
  }

  /** The lease of this name the running code stands in. A context outlives its `using` in code that was not awaited; only a lease that is still held counts. */
  heldHere(name: string): HeldLease | undefined {
    for (let scope = this.#scopes.getStore(); scope !== undefined; scope = scope.outer) {
      if (scope.lease.name === name && scope.lease.isHeld()) return scope.lease
    }
    return undefined
  }
}

/** The outer lease seen from inside: the same token, and releasing it releases nothing. */
class InnerLease extends LeaseProxy {
  override release(): Promise<ReleaseOutcome> {
    return Promise.resolve(this.isHeld() ? 'released' : 'expired')
  }
}
