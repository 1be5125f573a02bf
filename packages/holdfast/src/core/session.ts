/**
 * One client's connection to one store: opens it at the first use, knows its facts, and owns what runs in the
 * background — the keeper, the alarms, the claims being given back — so that `close()` can end all of it.
 */
import { Agenda, type Alarms } from './agenda.ts'
import { answerWithin } from './attempt.ts'
import type { Ref } from './claim.ts'
import type { Clock } from './clock.ts'
import { StoreUnavailable, Unsupported } from './errors.ts'
import { Events } from './events.ts'
import type { HeldLease } from './held.ts'
import type { Holding } from './holding.ts'
import { Keeper } from './keeper.ts'
import type { ClaimRequest } from './lease.ts'
import { leaveUntilAcknowledged, type LeaveOutcome, type Leaving } from './leaving.ts'
import { ATTEMPT_MS_MAX } from './limits.ts'
import { openStore } from './opening.ts'
import { encodeName, resourcePrefixOf } from './names.ts'
import type { Logger } from './options.ts'
import type { Patience } from './patience.ts'
import { Pulse } from './pulse.ts'
import type { Facts, Hint, Memo, SafetyClass, Standing, Store } from './store.ts'

export interface SessionOptions {
  readonly clock: Clock
  readonly namespace: string
  readonly owner: string
  readonly require: SafetyClass | undefined
  readonly logger: Logger | undefined
}

/** Due alarms fire in one go, but never so many that the loop stalls. */
const ALARMS_AT_ONCE_MAX = 1_000
/** A store is closed in order even when giving back took all the time there is. */
const CLOSE_STORE_MS_MIN = 100

export class Session implements Holding {
  readonly store: Store
  readonly clock: Clock
  readonly namespace: string
  readonly owner: string
  readonly events: Events
  readonly keeper: Keeper
  readonly alarms: Alarms
  readonly leases: Set<HeldLease> = new Set()
  /** Not listeners on one signal: adding the ten-thousandth listener walks past all the others. */
  readonly waits: Map<Patience, Promise<unknown>> = new Map()
  readonly #closing = new AbortController()
  readonly #options: SessionOptions
  readonly #encodedNamespace: string
  readonly #leavings = new Set<Promise<LeaveOutcome>>()
  readonly #pulse: Pulse
  #opening: Promise<Facts> | undefined
  #facts: Facts | undefined
  #closed: Promise<void> | undefined
  #wasOpened = false
  #isOver = false

  constructor(store: Store, options: SessionOptions) {
    this.store = store
    this.clock = options.clock
    this.namespace = options.namespace
    this.#encodedNamespace = resourcePrefixOf(options.namespace, '')
    this.owner = options.owner
    this.#options = options
    this.events = new Events((name, error) =>
      options.logger?.error(
        `a listener for "${name}" threw: ${error instanceof Error ? error.message : String(error)}`,
      ),
    )
    this.alarms = new Agenda<() => void>(options.clock, {
      batchMax: ALARMS_AT_ONCE_MAX,
      due: (alarms) => alarms.forEach((alarm) => alarm()),
    })
    this.keeper = new Keeper(store, options.clock, this.alarms)
    this.#pulse = new Pulse(options.clock, this.alarms, () => {
      for (const lease of this.leases) lease.recheck()
    })
    this.#logTrouble(options.logger)
  }

  /** The facts at once when the store is open: the uncontended path pays no extra turn. */
  get facts(): Facts | undefined {
    return this.isClosed ? undefined : this.#facts
  }

  /** Opens once; a failed opening is tried again by the next call. */
  open(): Promise<Facts> {
    if (this.isClosed) return Promise.reject(this.closedError())
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  /** The encoded resource of a name; throws `Misuse` for what is no name. */
  resourceOf(name: string): string {
    return `${this.#encodedNamespace}${encodeName('name', name)}`
  }

  /** Refuses what the store cannot promise, with the store's own reason. */
  checkSupported(request: ClaimRequest, facts: Facts): void {
    const { lacks, ttl, engine } = facts
    const { settings } = request
    const reason =
      (request.needs === undefined ? undefined : lacks[request.needs]) ??
      (settings.minHoldMs > 0 ? lacks.minimumHold : undefined) ??
      (settings.lockDelayMs > 0 ? lacks.lockDelay : undefined)
    if (reason !== undefined) throw new Unsupported(`${engine}: ${reason}`, { resource: request.name })
    if (settings.ttlMs > ttl.maxMs) {
      throw new Unsupported(`${engine} grants a ttl of at most ${ttl.maxMs} ms, asked for ${settings.ttlMs} ms`, {
        resource: request.name,
      })
    }
  }

  leave(leaving: Leaving): Promise<LeaveOutcome> {
    const outcome = leaveUntilAcknowledged(this.store, this.clock, this.alarms, leaving, () => !this.#isOver)
    this.#leavings.add(outcome)
    void outcome.then(() => this.#leavings.delete(outcome))
    return outcome
  }

  async watch(ref: Ref, memo: Memo, signal: AbortSignal): Promise<Standing | Hint | undefined> {
    if (this.#facts?.wakeUp !== 'push') return undefined
    try {
      return await this.store.watch(ref, memo, signal)
    } catch {
      // The heartbeat finds out what a failed watch did not tell, later.
      return undefined
    }
  }

  began(lease: HeldLease): void {
    this.leases.add(lease)
    this.#pulse.start()
  }

  ended(lease: HeldLease): void {
    this.leases.delete(lease)
    if (this.leases.size === 0) this.#pulse.stop()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  closedError(): StoreUnavailable {
    return new StoreUnavailable('this client was closed: make a new one with holdfast(store)')
  }

  async #open(): Promise<Facts> {
    this.#wasOpened = true
    const { clock, require } = this.#options
    this.#facts = await openStore(this.store, { clock, alarms: this.alarms, require, signal: this.#closing.signal })
    return this.#facts
  }

  async #close(): Promise<void> {
    const error = this.closedError()
    this.#closing.abort(error)
    const waits = [...this.waits.values()]
    for (const patience of this.waits.keys()) patience.stop(error)
    // The waits first: one of them may just have been granted, and the others give their claims back in the background.
    const givenBack = Promise.allSettled(waits)
      .then(() => Promise.all([...this.leases].map((lease) => lease.revoke('its client was closed'))))
      .then(() => Promise.all(this.#leavings))
    // An unreachable store must not hang the exit; what was not given back ends with its ttl.
    const endsAtMs = this.clock.monotonicMs() + ATTEMPT_MS_MAX
    await answerWithin(this.alarms, givenBack, ATTEMPT_MS_MAX, 'close').catch(() => undefined)
    this.#isOver = true
    if (this.#wasOpened) await this.#closeStore(Math.max(CLOSE_STORE_MS_MIN, endsAtMs - this.clock.monotonicMs()))
  }

  /** An opening that is still under way comes first, or it would finish on a store that nobody closes any more. */
  async #closeStore(limitMs: number): Promise<void> {
    const opened = Promise.allSettled([this.#opening]).then(() => this.store.close())
    await answerWithin(this.alarms, opened, limitMs, 'closing the store').catch((error: unknown) =>
      this.#options.logger?.warn(`the store did not close: ${error instanceof Error ? error.message : String(error)}`),
    )
  }

  #logTrouble(logger: Logger | undefined): void {
    if (logger === undefined) return
    this.events.on('jeopardy', ({ name, token, remainingMs, error }) =>
      logger.warn(
        `lock "${name}" (token ${token}) could not be renewed, ${Math.round(remainingMs)} ms left: ` +
          (error instanceof Error ? error.message : String(error)),
      ),
    )
    this.events.on('lost', ({ name, token, reason }) =>
      logger.error(`lock "${name}" (token ${token}) was lost: ${reason}`),
    )
  }
}
