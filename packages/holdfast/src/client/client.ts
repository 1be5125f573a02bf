/**
 * One client over one store: opens it at the first use, knows its facts, and owns what runs in the background — the
 * renewer, the timers, the claims being given back — so that `close()` can end all of it.
 */
import { channel } from 'node:diagnostics_channel'
import type { Timers } from '../time/timer-queue.ts'
import { answerWithin } from '../time/call-limit.ts'
import type { Ref } from '../store/claim.ts'
import type { Clock } from '../time/clock.ts'
import { type HoldfastError, StoreUnavailable, Unsupported } from '../store/errors.ts'
import { Events } from './events.ts'
import type { HeldLease } from '../lease/held-lease.ts'
import { Renewer } from '../lease/renewer.ts'
import type { AcquireSettings } from '../lease/settings.ts'
import type { ClaimRequest } from '../wait/claim-request.ts'
import { LocalWaiters } from '../wait/local-waiters.ts'
import type { WaitHost } from '../wait/wait-host.ts'
import { releaseUntilAcknowledged, type LeaveOutcome, type ReleaseRequest } from '../lease/release.ts'
import { ATTEMPT_MS_MAX } from '../store/limits.ts'
import { openStore } from './open-store.ts'
import { encodeName, resourcePrefixOf } from '../store/names.ts'
import type { HoldfastOptions, Logger } from './options.ts'
import { Reentry } from './reentry.ts'
import { belowRequired } from './required-class.ts'
import type { WaitLimit } from '../wait/wait-limit.ts'
import { LoopTurn } from '../time/loop-turn.ts'
import { ClockJumpDetector } from '../time/clock-jump.ts'
import { environmentOf, timersOf } from '../store/environment.ts'
import type { OpenStore, Store } from '../store/store.ts'
import { withRequestEvents } from '../store/request-events.ts'
import type { SafetyClass, Facts } from '../store/facts.ts'
import type { Hint, Standing } from '../store/standing.ts'

export interface LockClientOptions {
  readonly clock: Clock
  readonly namespace: string
  readonly owner: string
  readonly require: SafetyClass | undefined
  readonly openWaitMs: number
  readonly logger: Logger | undefined
  /** What a call leaves out. */
  readonly defaults: HoldfastOptions
  /** What a call without options asks for: checked once, because most calls have none. */
  readonly settings: AcquireSettings
}

/** A store is closed in order even when giving back took all the time there is. */
const CLOSE_STORE_MS_MIN = 100

export class LockClient implements WaitHost {
  readonly #store: Store
  readonly clock: Clock
  readonly namespace: string
  readonly owner: string
  readonly events: Events
  readonly logger: Logger | undefined
  readonly renewer: Renewer
  readonly timers: Timers
  readonly loopTurn: LoopTurn
  readonly localWaiters: LocalWaiters = new LocalWaiters()
  readonly defaults: HoldfastOptions
  readonly settings: AcquireSettings
  /** The leases the running code stands in. */
  readonly reentry: Reentry = new Reentry()
  readonly leases: Set<HeldLease> = new Set()
  /** Not listeners on one signal: adding the ten-thousandth listener walks past all the others. */
  readonly waits: Set<WaitLimit> = new Set()
  readonly #closing = new AbortController()
  readonly #options: LockClientOptions
  readonly #encodedNamespace: string
  readonly #leavings = new Set<Promise<LeaveOutcome>>()
  readonly #clockJump: ClockJumpDetector
  #opening: Promise<OpenStore> | undefined
  #opened: OpenStore | undefined
  #knownFacts: Facts | undefined
  #closed: Promise<void> | undefined
  #wasOpened = false
  #isOver = false

  constructor(store: Store, options: LockClientOptions) {
    this.#store = store
    this.clock = options.clock
    this.loopTurn = new LoopTurn(options.clock)
    this.namespace = options.namespace
    this.#encodedNamespace = resourcePrefixOf(options.namespace, '')
    this.owner = options.owner
    this.defaults = options.defaults
    this.settings = options.settings
    this.#options = options
    this.logger = options.logger
    this.events = Events.ofClient((name, error) => this.listenerThrew(name, error))
    this.timers = timersOf(options.clock)
    this.renewer = new Renewer({ renew: (renewals) => this.store.renew(renewals) }, options.clock, this.timers)
    this.#clockJump = new ClockJumpDetector(options.clock, this.timers, () => {
      for (const lease of this.leases) lease.recheck()
    })
    this.#logTrouble(this.logger)
  }

  /** The facts at once when the store is open: the uncontended path pays no extra turn. */
  get facts(): Facts | undefined {
    return this.isClosed ? undefined : this.#opened?.facts
  }

  get store(): OpenStore {
    if (this.#opened === undefined) throw new StoreUnavailable('the store is not open yet')
    return this.#opened
  }

  /** Opens once; a failed opening is tried again by the next call. */
  open(): Promise<OpenStore> {
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
    const below = belowRequired(facts, this.#options.require)
    if (below !== undefined) throw below
    const { unsupported, ttl, engine } = facts
    const { shape, settings } = request
    const reason =
      (shape.needs === undefined ? undefined : unsupported[shape.needs]) ??
      (settings.minHoldMs > 0 ? unsupported.minimumHold : undefined) ??
      (settings.lockDelayMs > 0 ? unsupported.lockDelay : undefined)
    if (reason !== undefined) throw new Unsupported(`${engine}: ${reason}`, { resource: shape.name })
    if (settings.ttlMs > ttl.maxMs) {
      throw new Unsupported(`${engine} grants a ttl of at most ${ttl.maxMs} ms, asked for ${settings.ttlMs} ms`, {
        resource: shape.name,
      })
    }
  }

  leave(request: ReleaseRequest): Promise<LeaveOutcome> {
    const outcome = releaseUntilAcknowledged(this.store, this.clock, this.timers, request, () => !this.#isOver)
    this.#leavings.add(outcome)
    void outcome.then(() => this.#leavings.delete(outcome))
    return outcome
  }

  async watch(ref: Ref, signal: AbortSignal): Promise<Standing | Hint | undefined> {
    if (this.#opened === undefined || (this.#opened.facts.wakeUp === 'poll' && !this.#opened.hearsItself))
      return undefined
    try {
      return await this.#opened.watch(ref, signal)
    } catch {
      // The heartbeat finds out what a failed watch did not tell, later.
      return undefined
    }
  }

  began(lease: HeldLease): void {
    this.leases.add(lease)
    this.#clockJump.start()
  }

  ended(lease: HeldLease): void {
    this.leases.delete(lease)
    if (this.leases.size === 0) this.#clockJump.stop()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  listenerThrew(name: string, error: unknown): void {
    this.logger?.error(`a listener for "${name}" threw: ${error instanceof Error ? error.message : String(error)}`)
  }

  /** Aborts when the client is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  get isClosed(): boolean {
    return this.#closing.signal.aborted
  }

  closedError(): StoreUnavailable {
    return new StoreUnavailable('this client was closed: make a new one with holdfast(store)', { isFinal: true })
  }

  async #open(): Promise<OpenStore> {
    this.#wasOpened = true
    const { clock, require, openWaitMs } = this.#options
    const environment = environmentOf(clock, this.timers, this.#closing.signal, {
      factsChanged: (facts) => this.#factsChanged(facts),
      troubled: (error) => this.events.emit('trouble', { namespace: this.namespace, error }),
    })
    const startedMs = clock.monotonicMs()
    const onTrouble = (error: HoldfastError): void =>
      this.events.emit('opening', { namespace: this.namespace, error, askedMs: clock.monotonicMs() - startedMs })
    const opened = await openStore(this.#store, { environment, require, openWaitMs, onTrouble })
    this.#opened = withRequestEvents(opened, channel('holdfast:store:request'), this)
    this.#knownFacts = this.#opened.facts
    return this.#opened
  }

  #factsChanged(facts: Facts): void {
    const before = this.#knownFacts
    this.#knownFacts = facts
    if (before !== undefined) this.events.emit('facts', { namespace: this.namespace, facts, before })
  }

  async #close(): Promise<void> {
    const error = this.closedError()
    this.#closing.abort(error)
    const waits = [...this.waits].map(({ ended }) => ended)
    for (const limit of this.waits) limit.stop(error)
    // The waits first: one of them may just have been granted, and the others give their claims back in the background.
    const givenBack = Promise.all(waits)
      .then(() => Promise.all([...this.leases].map((lease) => lease.revoke('its client was closed'))))
      .then(() => Promise.all(this.#leavings))
    // An unreachable store must not hang the exit; what was not given back ends with its ttl.
    const endsAtMs = this.clock.monotonicMs() + ATTEMPT_MS_MAX
    await answerWithin(this.timers, givenBack, ATTEMPT_MS_MAX, 'close').catch(() => undefined)
    this.#isOver = true
    if (this.#wasOpened) await this.#closeStore(Math.max(CLOSE_STORE_MS_MIN, endsAtMs - this.clock.monotonicMs()))
  }

  /** An opening in flight comes first, or it would finish on a store that is never closed. */
  async #closeStore(limitMs: number): Promise<void> {
    const opened = Promise.allSettled([this.#opening]).then(() => this.#opened?.close())
    await answerWithin(this.timers, opened, limitMs, 'closing the store').catch((error: unknown) =>
      this.logger?.warn(`the store did not close: ${error instanceof Error ? error.message : String(error)}`),
    )
  }

  #logTrouble(logger: Logger | undefined): void {
    if (logger === undefined) return
    this.events.on('facts', ({ facts, before }) => {
      if (facts.safetyClass === before.safetyClass) return
      logger.warn(`${facts.engine} is of class "${facts.safetyClass}" now, and was "${before.safetyClass}"`)
    })
    this.events.on('trouble', ({ error }) => logger.warn(error instanceof Error ? error.message : String(error)))
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
