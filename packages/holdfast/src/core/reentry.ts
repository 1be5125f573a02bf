/**
 * Finds the lease a piece of code is already running under, so that taking the same lock again inside its own `using`
 * is an error at once and not a dead-lock until the wait ends. The async context knows; nothing is global.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { Misuse } from './errors.ts'
import type { HeldLease } from './held.ts'
import type { Lease, LeaseState, Mode, ReleaseOutcome } from './lease.ts'
import type { AcquireSettings } from './options.ts'

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
  find(name: string, mode: Mode, settings: AcquireSettings): Lease | undefined {
    if (settings.detached) return undefined
    const outer = this.#live(name)
    if (outer === undefined) return undefined
    if (outer.mode !== 'exclusive' && mode !== outer.mode) {
      throw new Misuse(
        `"${name}" is already held here as ${outer.mode}, and asking for it as ${mode} would wait for itself: ` +
          'take the stronger lock from the start',
        { resource: name },
      )
    }
    if (settings.reentrant) return new InnerLease(outer)
    throw new Misuse(
      `"${name}" is already held by the using() this code runs in, and asking again would wait for itself. ` +
        'Pass the lease on, say { reentrant: true } to share it, or { detached: true } to claim a second place.',
      { resource: name },
    )
  }

  /** A context outlives its `using` in code that nobody awaited; only a lease that is still held counts. */
  #live(name: string): HeldLease | undefined {
    for (let scope = this.#scopes.getStore(); scope !== undefined; scope = scope.outer) {
      if (scope.lease.name === name && scope.lease.isHeld()) return scope.lease
    }
    return undefined
  }
}

/** The outer lease seen from inside: the same token, and releasing it releases nothing. */
class InnerLease implements Lease {
  readonly #outer: HeldLease
  constructor(outer: HeldLease) {
    this.#outer = outer
  }
  get namespace(): string {
    return this.#outer.namespace
  }
  get name(): string {
    return this.#outer.name
  }
  get mode(): Mode {
    return this.#outer.mode
  }
  get token(): bigint {
    return this.#outer.token
  }
  get signal(): AbortSignal {
    return this.#outer.signal
  }
  get state(): LeaseState {
    return this.#outer.state
  }
  get remainingMs(): number {
    return this.#outer.remainingMs
  }
  get sequencer(): string {
    return this.#outer.sequencer
  }
  isHeld(): boolean {
    return this.#outer.isHeld()
  }
  assertHeld(): void {
    this.#outer.assertHeld()
  }
  setNote(note: string): void {
    this.#outer.setNote(note)
  }
  release(): Promise<ReleaseOutcome> {
    return Promise.resolve(this.#outer.isHeld() ? 'released' : 'expired')
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}
