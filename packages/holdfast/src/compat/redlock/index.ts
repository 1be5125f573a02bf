/// <reference lib="esnext.disposable" preserve="true" />
/// <reference types="node" preserve="true" />
/**
 * The shape of `redlock` 5 on top of Holdfast, for programs that move one import first and the rest later. What differs,
 * and why, stands in docs/from-redlock.md; new code takes `holdfast()` itself.
 */
import { EventEmitter } from 'node:events'
import { type Clock, systemClock, type Timer } from '../../time/clock.ts'
import { HoldfastError, StoreUnavailable, Unsupported, WaitTimeout } from '../../store/errors.ts'
import { TTL_MS_MIN, WAIT_MS_MAX } from '../../store/limits.ts'
import { onceAllEnded, storeOver } from './clients.ts'
import {
  DEFAULTS,
  ExecutionError,
  type ExecutionStats,
  type RedlockAbortSignal,
  type RedlockClient,
  type RedlockSettings,
  ResourceLockedError,
  type Routine,
} from './shape.ts'
import { holdfast, type Locks } from '../../holdfast.ts'
import type { LeaseSet } from '../../recipes/several.ts'
import type { Lease } from '../../lease/lease.ts'

export {
  ExecutionError,
  ResourceLockedError,
  type ExecutionStats,
  type RedlockAbortSignal,
  type RedlockClient,
  type RedlockSettings,
  type Routine,
} from './shape.ts'

/** One hold of one or several resources, until `expiration` unless it is extended or released before. */
export class RedlockLock {
  readonly resources: readonly string[]
  /** The sequencers of the leases, which hold the tokens: what guards take. */
  readonly value: string
  /** The fencing token, which redlock does not have. Absent for several resources: each has its own. */
  readonly token: bigint | undefined
  /** Milliseconds since 1970; 0 once it was released, or replaced by an extension. */
  expiration: number
  readonly #redlock: Redlock

  constructor(redlock: Redlock, hold: Hold, expiration: number) {
    const { leases } = hold
    this.resources = leases.map(({ name }) => name)
    this.value = leases.map(({ sequencer }) => sequencer).join(' ')
    this.token = leases.length === 1 ? leases[0]?.token : undefined
    this.expiration = expiration
    this.#redlock = redlock
  }

  /** The leases themselves, for guards. */
  get leases(): readonly Lease[] {
    return this.#redlock.leasesOf(this)
  }

  release(): Promise<{ readonly attempts: readonly Promise<ExecutionStats>[] }> {
    return this.#redlock.release(this)
  }

  extend(duration: number): Promise<RedlockLock> {
    return this.#redlock.extend(this, duration)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}

/** Leases that end together when their time is over: those of `acquire` are not meant to be held for ever. */
class Hold {
  readonly #set: LeaseSet
  readonly #clock: Clock
  readonly #onOver: (hold: Hold) => void
  #end: Timer | undefined

  constructor(set: LeaseSet, clock: Clock, onOver: (hold: Hold) => void) {
    this.#set = set
    this.#clock = clock
    this.#onOver = onOver
  }

  get leases(): readonly Lease[] {
    return this.#set.leases
  }

  get isHeld(): boolean {
    return this.#set.isHeld()
  }

  endIn(durationMs: number): void {
    this.#end?.cancel()
    this.#end = this.#clock.schedule(durationMs, () => void this.release())
  }

  async release(): Promise<void> {
    this.forgetEnd()
    await this.#set.release()
  }

  /** Whoever closes gives the leases back without this. */
  forgetEnd(): void {
    this.#end?.cancel()
    this.#onOver(this)
  }
}

/** One client: the store of one server, Cluster or Sentinel group. Several: Redlock over independent servers. */
export class Redlock extends EventEmitter {
  readonly clients: ReadonlySet<RedlockClient>
  readonly settings: RedlockSettings
  readonly #clock: Clock = systemClock
  readonly #holds = new WeakMap<RedlockLock, Hold>()
  /** Whose end is still to come: the timer of a hold keeps the process. */
  readonly #current = new Set<Hold>()
  #opening: Promise<Locks> | undefined
  #stopListening: (() => void) | undefined

  constructor(clients: Iterable<RedlockClient>, settings: Partial<RedlockSettings> = {}) {
    super()
    // Without a listener an event of this name would end the process.
    this.on('error', () => undefined)
    this.clients = new Set(clients)
    if (this.clients.size === 0) throw new Error('Redlock must be instantiated with at least one redis client.')
    this.settings = { ...DEFAULTS, ...settings }
  }

  /** Throws `ExecutionError` when the resources did not become free in time. The hold ends after `duration`, unless it is extended. */
  async acquire(
    resources: readonly string[],
    duration: number,
    settings: Partial<RedlockSettings> = {},
  ): Promise<RedlockLock> {
    const hold = await this.#hold(resources, duration, settings)
    // Not from before the wait: the leases are renewed until the hold ends, so nothing of it is gone yet.
    return this.#lockOf(hold, duration)
  }

  /** Never throws for a lock that is over: that is what a release wants. */
  async release(lock: RedlockLock): Promise<{ readonly attempts: readonly Promise<ExecutionStats>[] }> {
    lock.expiration = 0
    await this.#holds.get(lock)?.release()
    return { attempts: [] }
  }

  /** The hold goes on for `duration` from now, under a new object; the old one is over. */
  async extend(lock: RedlockLock, duration: number): Promise<RedlockLock> {
    checkDuration(duration)
    const hold = this.#holds.get(lock)
    if (hold === undefined || lock.expiration === 0 || !hold.isHeld) {
      throw new ExecutionError('Cannot extend an already-expired lock.', [])
    }
    lock.expiration = 0
    return this.#lockOf(hold, duration)
  }

  using<T>(
    resources: readonly string[],
    duration: number,
    settings: Partial<RedlockSettings>,
    routine: Routine<T>,
  ): Promise<T>
  using<T>(resources: readonly string[], duration: number, routine: Routine<T>): Promise<T>
  /** Runs the routine and renews the lock for as long as it runs. Rejects with `LeaseLost`, which has what the routine returned or threw, when the lock was lost. */
  async using<T>(
    resources: readonly string[],
    duration: number,
    ...call: [Routine<T>] | [Partial<RedlockSettings>, Routine<T>]
  ): Promise<T> {
    const [settings, routine] = call.length === 1 ? [{}, call[0]] : call
    if (typeof routine !== 'function') throw new Error('INVARIANT: routine is not a function.')
    const locks = await this.#open()
    const options = { ttl: ttlOf(duration, await locks.open()), wait: this.#waitMs(settings) }
    let begun = false
    try {
      return await locks.usingAll(resources, options, (set) => {
        begun = true
        return routine(signalOf(set))
      })
    } catch (error) {
      throw begun ? error : this.#failed(error)
    }
  }

  /** Gives everything back, and leaves the clients alone. Redlock has no such thing. */
  async close(): Promise<void> {
    this.#stopListening?.()
    for (const hold of this.#current) hold.forgetEnd()
    const locks = await this.#opening?.catch(() => undefined)
    await locks?.close()
  }

  /** Gives everything back, and quits the clients. */
  async quit(): Promise<void> {
    await this.close()
    for (const client of this.clients) await client.quit?.()
  }

  /** For `RedlockLock.leases`. */
  leasesOf(lock: RedlockLock): readonly Lease[] {
    return this.#holds.get(lock)?.leases ?? []
  }

  async #hold(resources: readonly string[], duration: number, settings: Partial<RedlockSettings>): Promise<Hold> {
    checkDuration(duration)
    try {
      const locks = await this.#open()
      const ttl = ttlOf(duration, await locks.open())
      const set = await locks.acquireAll(resources, { ttl, wait: this.#waitMs(settings) })
      const hold = new Hold(set, this.#clock, (over) => this.#current.delete(over))
      this.#current.add(hold)
      return hold
    } catch (error) {
      throw this.#failed(error)
    }
  }

  #lockOf(hold: Hold, duration: number): RedlockLock {
    hold.endIn(duration)
    const lock = new RedlockLock(this, hold, this.#clock.wallMs() + duration)
    this.#holds.set(lock, hold)
    return lock
  }

  #waitMs(settings: Partial<RedlockSettings>): number {
    const { retryCount, retryDelay, retryJitter } = { ...this.settings, ...settings }
    if (retryCount < 0) return WAIT_MS_MAX
    return Math.min(Math.ceil(retryCount * (retryDelay + retryJitter)), WAIT_MS_MAX)
  }

  #open(): Promise<Locks> {
    if (this.#opening === undefined) {
      // A program that only ends its clients is done too, and the connections that listen would keep its process.
      this.#stopListening = onceAllEnded(this.clients, () => void this.#closeAfterClients())
      this.#opening = storeOver([...this.clients]).then((store) => holdfast(store, { namespace: 'redlock' }))
    }
    return this.#opening
  }

  /** They may be connected again, and then this opens again. */
  async #closeAfterClients(): Promise<void> {
    const closing = this.close()
    this.#opening = undefined
    await closing
  }

  /** In the words of redlock, with everybody's vote; misuse stays what it is. */
  #failed(error: unknown): unknown {
    if (!(error instanceof WaitTimeout) && !(error instanceof StoreUnavailable)) return error
    const isBusy = error instanceof WaitTimeout
    const vote = isBusy ? new ResourceLockedError(error.message, { cause: error }) : error
    if (!isBusy) this.emit('error', error)
    const stats: ExecutionStats = {
      membershipSize: this.clients.size,
      quorumSize: Math.floor(this.clients.size / 2) + 1,
      votesFor: new Set(),
      votesAgainst: new Map([...this.clients].map((client) => [client, vote])),
    }
    const words = 'The operation was unable to achieve a quorum during its retry window.'
    return new ExecutionError(`${words} ${error.message}`, [settled(stats)], { cause: error })
  }
}

/** Redlock counts the last votes when it has failed already; here they are in. */
async function settled(stats: ExecutionStats): Promise<ExecutionStats> {
  return stats
}

function checkDuration(duration: number): void {
  if (!Number.isInteger(duration)) throw new Error('Duration must be an integer value in milliseconds.')
  if (duration < TTL_MS_MIN) throw new Unsupported(`a duration must be at least ${TTL_MS_MIN} ms, got ${duration}`)
}

/** A hold may last longer than a lease: it is renewed until then. */
function ttlOf(duration: number, { ttl }: { readonly ttl: { readonly maxMs: number } }): number {
  checkDuration(duration)
  return Math.min(duration, ttl.maxMs)
}

/** Redlock puts the reason beside the signal. Reading `aborted` compares the clocks, because after a stall no timer has run yet. */
function signalOf(set: LeaseSet): RedlockAbortSignal {
  const { signal } = set
  return Object.defineProperties(signal, {
    aborted: {
      get: () => {
        set.isHeld()
        return Reflect.get(AbortSignal.prototype, 'aborted', signal)
      },
    },
    error: { get: () => (signal.reason instanceof HoldfastError ? signal.reason : undefined) },
  })
}

/** As redlock has it: `import Redlock from 'redlock'`. */
export { Redlock as default }
