/** The two classes of `redlock` 5. */
import { EventEmitter } from 'node:events'
import { type Clock, systemClock } from '../../time/clock.ts'
import { HoldfastError, Misuse, StoreUnavailable, Unsupported, WaitTimeout } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX, TTL_MS_MIN, WAIT_MS_MAX } from '../../store/limits.ts'
import type { Locks } from '../../recipes/locks.ts'
import type { AcquireOptions } from '../../index.ts'
import type { Facts } from '../../store/facts.ts'
import type { Lease } from '../../lease/lease.ts'
import type { LeaseSet } from '../../recipes/several.ts'
import { closedError, Hold } from './hold.ts'
import {
  ExecutionError,
  type ExecutionResult,
  type ExecutionStats,
  type NoScripts,
  type RedlockAbortSignal,
  type RedlockClient,
  type RedlockSettings,
  type Routine,
  settingsOver,
} from './shape.ts'
import { SharedLocks } from './shared-locks.ts'
import { attemptsOf, voteAgainst } from './votes.ts'

/** A lock is released and extended by any Redlock of this process, as with redlock. */
const holds = new WeakMap<RedlockLock, Hold>()

/** Redlock takes away as much of every duration, for a clock of Redis that counts in whole milliseconds. */
const DRIFT_MS = 2

/** One hold of one or several resources, until `expiration` unless it is extended or released before. */
export class RedlockLock {
  readonly resources: string[]
  /** The sequencers of the leases, which hold the tokens: what guards take. */
  readonly value: string
  /** One entry: waiting is one request here. */
  readonly attempts: readonly Promise<ExecutionStats>[]
  /** The fencing token, which redlock does not have. Absent for several resources: each has its own. */
  readonly token: bigint | undefined
  /** Milliseconds since 1970; 0 once it was released, or replaced by an extension. */
  expiration: number
  // Not for those who print a lock: it has the clients, and they have passwords.
  readonly #redlock: Redlock

  constructor(redlock: Redlock, hold: Hold, resources: readonly string[], expiration: number) {
    const { leases } = hold
    this.#redlock = redlock
    this.resources = [...resources]
    this.value = leases.map(({ sequencer }) => sequencer).join(' ')
    this.attempts = attemptsOf(redlock.clients)
    this.token = leases.length === 1 ? leases[0]?.token : undefined
    this.expiration = expiration
    holds.set(this, hold)
  }

  get redlock(): Redlock {
    return this.#redlock
  }

  /** The leases themselves, for guards. */
  get leases(): readonly Lease[] {
    return this.redlock.leasesOf(this)
  }

  release(): Promise<ExecutionResult> {
    return this.redlock.release(this)
  }

  extend(duration: number): Promise<RedlockLock> {
    return this.redlock.extend(this, duration)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}

/**
 * One client: the store of one server, Cluster or Sentinel group. Several: Redlock over independent servers. All that are
 * made over the same clients share one connection that listens.
 */
export class Redlock extends EventEmitter {
  readonly clients: Set<RedlockClient>
  readonly settings: RedlockSettings
  readonly #clock: Clock = systemClock
  readonly #current = new Set<Hold>()
  #isClosed = false

  /** Throws `Unsupported` for custom scripts. */
  constructor(clients: Iterable<RedlockClient>, settings: Partial<RedlockSettings> = {}, scripts: NoScripts = {}) {
    super()
    // Without a listener an event of this name would end the process.
    this.on('error', () => undefined)
    this.clients = new Set(clients)
    if (this.clients.size === 0) throw new Error('Redlock must be instantiated with at least one redis client.')
    this.settings = settingsOver(settings)
    const script = Object.entries(scripts).find(([, given]) => given !== undefined)?.[0]
    if (script === undefined) return
    throw new Unsupported(
      `${script}: locks are taken by scripts of Holdfast, and a custom one would be ignored. Leave the third argument out`,
    )
  }

  /**
   * Throws `ExecutionError` when the resources did not become free in time. The hold ends after `duration` (milliseconds, 1
   * or more), unless it is extended. A single resource may be given as a text, as in redlock 4.
   *
   * @example
   * const lock = await redlock.acquire(['seat:14A'], 5_000, { retryCount: 0 })
   */
  async acquire(
    resources: readonly string[] | string,
    duration: number,
    settings?: Partial<RedlockSettings>,
  ): Promise<RedlockLock> {
    const names = namesOf(resources)
    const wanted = settingsOver(settings, this.settings)
    try {
      const { hold, locks, options } = await this.#begin(duration, wanted)
      await hold.take(() => locks.acquireAll(unique(names), options))
      // Not from before the wait: the leases are renewed until the hold ends, so nothing of it is gone yet.
      return this.#lockOf(hold, names, duration, wanted)
    } catch (error) {
      throw this.#failed(error, names.length, wanted)
    }
  }

  /** Never throws for a lock that is over: that is what a release wants. The settings are not used. */
  async release(lock: RedlockLock, _settings?: Partial<RedlockSettings>): Promise<ExecutionResult> {
    const hold = holdOf(lock)
    const start = this.#clock.wallMs()
    lock.expiration = 0
    await hold.release()
    return { attempts: attemptsOf(this.clients), start }
  }

  /**
   * The hold goes on for `duration` from now, under a new object; the old one is over. Throws `ExecutionError` when it is not
   * held any more, or when the servers do not answer in time for a duration that is longer: then the old one stays as it was.
   */
  async extend(lock: RedlockLock, duration: number, settings?: Partial<RedlockSettings>): Promise<RedlockLock> {
    checkDuration(duration)
    const hold = holdOf(lock)
    if (lock.expiration === 0 || !hold.isHeld) {
      throw new ExecutionError('Cannot extend an already-expired lock.', [])
    }
    const wanted = settingsOver(settings, this.settings)
    const facts = await hold.locks?.open()
    const { ttl, wait } = optionsOf(hold, duration, wanted, facts)
    if (!(await hold.lengthen(ttl, Math.max(wait, ATTEMPT_MS_MAX)))) {
      const vote = new StoreUnavailable(`the extension was not confirmed: ${hold.isHeld ? 'no answer' : 'it was lost'}`)
      throw this.#failed(vote, lock.resources.length, wanted)
    }
    lock.expiration = 0
    return this.#lockOf(hold, lock.resources, duration, wanted)
  }

  using<T>(
    resources: readonly string[] | string,
    duration: number,
    settings: Partial<RedlockSettings> | undefined,
    routine: Routine<T>,
  ): Promise<T>
  using<T>(resources: readonly string[] | string, duration: number, routine: Routine<T>): Promise<T>
  /** Runs the routine and renews the lock for as long as it runs. Rejects with `LeaseLost`, which has what the routine returned or threw, when the lock was lost. */
  async using<T>(
    resources: readonly string[] | string,
    duration: number,
    ...call: [Routine<T>] | [Partial<RedlockSettings> | undefined, Routine<T>]
  ): Promise<T> {
    const [settings, routine] = call.length === 1 ? [undefined, call[0]] : call
    if (typeof routine !== 'function') throw new Error('INVARIANT: routine is not a function.')
    const names = namesOf(resources)
    const wanted = settingsOver(settings, this.settings)
    let begun = false
    const work = async (hold: Hold, set: LeaseSet): Promise<T> => {
      await hold.grant(set)
      begun = true
      return routine(signalOf(set))
    }
    try {
      const { hold, locks, options } = await this.#begin(duration, wanted)
      return await locks.usingAll(unique(names), options, (set) => work(hold, set)).finally(() => hold.over())
    } catch (error) {
      throw begun ? error : this.#failed(error, names.length, wanted)
    }
  }

  /** Gives back what this one took and ends its waits, and leaves the clients alone. Redlock has no such thing. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#current].map((hold) => hold.revoke()))
    await SharedLocks.over(this.clients).closeUnlessUsed()
  }

  /** Gives everything back, and quits the clients. */
  async quit(): Promise<void> {
    await this.close()
    for (const client of this.clients) await client.quit?.()
  }

  /** For `RedlockLock.leases`. */
  leasesOf(lock: RedlockLock): readonly Lease[] {
    return holdOf(lock).leases
  }

  async #begin(
    duration: number,
    settings: RedlockSettings,
  ): Promise<{ readonly hold: Hold; readonly locks: Locks; readonly options: AcquireOptions }> {
    checkDuration(duration)
    if (this.#isClosed) throw closedError()
    const shared = SharedLocks.over(this.clients)
    const hold = new Hold(this.#clock, (over) => {
      this.#current.delete(over)
      shared.delete(over)
    })
    this.#current.add(hold)
    shared.add(hold)
    try {
      const locks = await shared.open()
      hold.locks = locks
      return { hold, locks, options: optionsOf(hold, duration, settings, await locks.open()) }
    } catch (error) {
      hold.over()
      throw error
    }
  }

  #lockOf(hold: Hold, resources: readonly string[], duration: number, { driftFactor }: RedlockSettings): RedlockLock {
    hold.endIn(duration)
    const lastsMs = duration - Math.round(driftFactor * duration) - DRIFT_MS
    return new RedlockLock(this, hold, resources, this.#clock.wallMs() + lastsMs)
  }

  /** In the words of redlock, with everybody's vote; misuse stays what it is. */
  #failed(error: unknown, resources: number, settings: RedlockSettings): unknown {
    if (!(error instanceof WaitTimeout) && !(error instanceof StoreUnavailable)) return error
    const vote = voteAgainst(error, resources, this.clients)
    if (error instanceof StoreUnavailable) this.emit('error', error)
    const words = 'The operation was unable to achieve a quorum during its retry window.'
    const attempts = attemptsOf(this.clients, { vote, settings })
    return new ExecutionError(`${words} ${error.message}`, attempts, { cause: error })
  }
}

function holdOf(lock: RedlockLock): Hold {
  const hold = holds.get(lock)
  if (hold !== undefined) return hold
  throw new Misuse('release and extend take a lock that acquire or extend returned in this process')
}

/** Redlock takes the letters of a text one by one. */
function namesOf(resources: readonly string[] | string): readonly string[] {
  return typeof resources === 'string' ? [resources] : resources
}

/** Redlock takes a resource that is named twice once. */
function unique(names: readonly string[]): readonly string[] {
  return Array.isArray(names) ? [...new Set(names)] : names
}

function checkDuration(duration: number): void {
  if (!Number.isInteger(duration)) throw new Error('Duration must be an integer value in milliseconds.')
  if (duration < 1) throw new Unsupported(`a duration must be at least 1 ms, got ${duration}`)
}

function optionsOf(
  { signal }: Hold,
  duration: number,
  { retryCount, retryDelay, retryJitter }: RedlockSettings,
  facts: Pick<Facts, 'ttl'> | undefined,
): AcquireOptions & { readonly ttl: number; readonly wait: number } {
  const waitMs = Math.ceil(Math.max(0, retryCount * (retryDelay + retryJitter)))
  return {
    // A hold may last longer than a lease, which is renewed until then, or end before it.
    ttl: Math.min(Math.max(duration, TTL_MS_MIN), facts?.ttl.maxMs ?? duration),
    wait: retryCount === -1 ? WAIT_MS_MAX : Math.min(waitMs, WAIT_MS_MAX),
    signal,
    // Redlock knows nothing of the code that it runs in: what is locked outside is only busy.
    detached: true,
  }
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
