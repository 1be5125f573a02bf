/**
 * Computations on one exclusive line for each key. The lock spares work and decides nothing else: a process that is granted it
 * looks into the cache again, and a store that is away costs a computation more.
 */
import type { LockClient } from '../../client/client.ts'
import { Events } from '../../client/events.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { isPassing, Misuse, WaitTimeout } from '../../store/errors.ts'
import { acquire } from '../../wait/acquire.ts'
import { Duty, resultOf } from '../duty.ts'
import { isEarly } from '../early.ts'
import { mutexShape } from '../mutex.ts'
import { RecentFailures } from '../recent-failures.ts'
import { recipeName } from '../recipe-name.ts'
import type { Cached, FlightCache, FlightEvents, Load, SingleFlight } from './single-flight.ts'

export interface FlightPlan<Value> {
  readonly name: string
  readonly cache: FlightCache<Value>
  readonly settings: AcquireSettings
  readonly freshMs: number
  readonly staleMs: number
  readonly failureMs: number
  readonly eagerness: number
  readonly loadsAlone: boolean
}

/** One computation that this process waits for or does, shared by all calls of its key. */
interface Flight<Value> {
  readonly value: Promise<Value>
  readonly ends: AbortController
  /** Calls that have not given up. */
  waiting: number
  /** Behind a stale value: no call waits for it, and it goes on. */
  readonly isBehind: boolean
}

interface FlightRequest<Value> {
  readonly key: string
  readonly load: Load<Value>
  /** Values that began before this are not new enough. */
  readonly sinceMs: number
  /** No call waits for it: one that is at work elsewhere is enough. */
  readonly isBehind: boolean
}

/** A computation is never stopped by its recipe: it has the signal of its lease. */
const STOP_WITHIN_MS = 86_400_000

export class LineFlights<Value> implements SingleFlight<Value> {
  readonly #client: LockClient
  readonly #plan: FlightPlan<Value>
  readonly #events: Events<FlightEvents>
  readonly #flights = new Map<string, Flight<Value>>()
  readonly #failures: RecentFailures

  constructor(client: LockClient, plan: FlightPlan<Value>) {
    this.#client = client
    this.#plan = plan
    this.#failures = new RecentFailures(client.clock, plan.failureMs)
    this.#events = new Events('holdfast:flight', ['hit', 'stale', 'computed', 'shared', 'unlocked'], (name, error) =>
      client.listenerThrew(name, error),
    )
  }

  async get(key: string, load: Load<Value>, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Value> {
    this.#check(key, load)
    signal?.throwIfAborted()
    const found = await this.#plan.cache.get(key)
    const nowMs = this.#client.clock.wallMs()
    const { freshMs, staleMs } = this.#plan
    const request = { key, load, sinceMs: nowMs - freshMs + 1, isBehind: false }
    if (!found || nowMs >= found.madeAtMs + freshMs + staleMs) return await this.#joined(request, signal)
    const isFresh = found.madeAtMs >= request.sinceMs
    this.#events.emit(isFresh ? 'hit' : 'stale', { key })
    if (!isFresh || isEarly(found.tookMs, found.madeAtMs + freshMs - nowMs, this.#plan.eagerness)) {
      this.#behind({ ...request, sinceMs: Math.max(request.sinceMs, found.madeAtMs + 1), isBehind: true })
    }
    return found.value
  }

  async refresh(key: string, load: Load<Value>): Promise<Value> {
    this.#check(key, load)
    this.#failures.forget(key)
    return await this.#joined({ key, load, sinceMs: this.#client.clock.wallMs(), isBehind: false })
  }

  on<Name extends keyof FlightEvents>(name: Name, listener: (event: FlightEvents[Name]) => void): () => void {
    return this.#events.on(name, listener)
  }

  /** Its failure is told by the next call that has to wait. */
  #behind(request: FlightRequest<Value>): void {
    if (this.#flights.has(request.key) || this.#failures.find(request.key) !== undefined) return
    this.#flight(request).value.catch(() => undefined)
  }

  #flight(request: FlightRequest<Value>): Flight<Value> {
    const { key } = request
    const before = this.#flights.get(key)
    // One behind a stale value does not wait for a computation elsewhere, so a call that waits needs another one.
    if (before !== undefined && (request.isBehind || !before.isBehind)) {
      this.#events.emit('shared', { key })
      return before
    }
    const ends = new AbortController()
    const value = this.#computed(request, ends.signal).finally(() => this.#forget(key, flight))
    const flight: Flight<Value> = { value, ends, waiting: 0, isBehind: request.isBehind }
    this.#flights.set(key, flight)
    return flight
  }

  #forget(key: string, flight: Flight<Value>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }

  async #joined(request: FlightRequest<Value>, signal?: AbortSignal): Promise<Value> {
    const flight = this.#flight(request)
    flight.waiting += 1
    if (signal === undefined) return await flight.value
    const { promise, reject } = Promise.withResolvers<never>()
    const onAbort = (): void => {
      flight.waiting -= 1
      if (flight.waiting === 0) {
        // A call that comes now begins another one.
        this.#forget(request.key, flight)
        flight.ends.abort(signal.reason)
      }
      reject(signal.reason as Error)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([flight.value, promise])
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #computed(request: FlightRequest<Value>, signal: AbortSignal): Promise<Value> {
    const failure = this.#failures.find(request.key)
    if (failure !== undefined) throw failure.error
    const lease = await this.#turn(request, signal)
    if (lease === 'away') return await this.#loaded(request, null)
    if (!('ref' in lease)) return lease.value
    try {
      const meanwhile = await this.#plan.cache.get(request.key)
      if (!meanwhile || meanwhile.madeAtMs < request.sinceMs) return await this.#loaded(request, lease)
      this.#events.emit('shared', { key: request.key })
      return meanwhile.value
    } finally {
      await lease.release()
    }
  }

  /** The turn of this process, a value that another one has computed meanwhile, or `away`. */
  async #turn(
    { key, isBehind }: FlightRequest<Value>,
    signal: AbortSignal,
  ): Promise<HeldLease | Cached<Value> | 'away'> {
    const name = this.#nameOf(key)
    const settings = { ...this.#plan.settings, signal }
    const resource = this.#client.resourceOf(name)
    try {
      const request = { shape: mutexShape(name), resource, queue: !isBehind, isTrial: isBehind, settings }
      const lease = await acquire(this.#client, request)
      if (lease !== null) return lease
      const found = await this.#plan.cache.get(key)
      if (found) return found
      throw new WaitTimeout(`"${name}" is computed elsewhere`, { resource: name, waitedMs: this.#plan.settings.waitMs })
    } catch (error) {
      if (!isPassing(error) || !this.#plan.loadsAlone) throw error
      this.#events.emit('unlocked', { key, error })
      return 'away'
    }
  }

  async #loaded({ key, load }: FlightRequest<Value>, lease: HeldLease | null): Promise<Value> {
    const { clock } = this.#client
    const [madeAtMs, startedMs] = [clock.wallMs(), clock.monotonicMs()]
    let value: Value
    try {
      value = lease === null ? await load(null) : await this.#underLease(lease, load)
    } catch (error) {
      this.#failures.remember(key, error)
      throw error
    }
    const tookMs = clock.monotonicMs() - startedMs
    this.#events.emit('computed', { key, tookMs })
    const entry = { value, madeAtMs, tookMs, token: lease?.ref.token ?? 0n }
    try {
      await this.#plan.cache.set(key, entry, { keepMs: this.#plan.freshMs + this.#plan.staleMs, lease })
    } catch (error) {
      // It is right all the same; the next call computes it again.
      const why = error instanceof Error ? error.message : String(error)
      this.#client.logger?.warn(`the value of "${this.#nameOf(key)}" was not cached: ${why}`)
    }
    return value
  }

  async #underLease(lease: HeldLease, load: Load<Value>): Promise<Value> {
    const duty = new Duty(this.#client, lease, { stopWithinMs: STOP_WITHIN_MS })
    // Lost before it began: the value is asked for all the same, and the cache may refuse it.
    const end = (await duty.run(() => load(lease))) ?? { returned: await load(lease) }
    return resultOf(end, lease, 'released')
  }

  #nameOf(key: string): string {
    return recipeName('flight', `${this.#plan.name}:${key}`)
  }

  #check(key: string, load: Load<Value>): void {
    this.#nameOf(key)
    if (typeof load !== 'function') throw new Misuse('get() needs what computes the value: get(key, () => …)')
  }
}
