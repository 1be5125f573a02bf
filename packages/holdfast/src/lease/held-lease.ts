/**
 * The life of one lease in this process: held → jeopardy → lost, or released. It believes its own clocks before
 * anything else, ends at the deadline whether or not the store can be reached, and never comes back.
 */
import type { ScheduledItem } from '../time/timer-queue.ts'
import type { Ref } from '../store/claim.ts'
import { type Deadline, deadlineOf, marginMs, remainingMs } from '../time/deadline.ts'
import { LeaseLost } from '../store/errors.ts'
import type { LockEvent, LossCause } from './events.ts'
import { described, lossOf, stopOf } from './loss.ts'
import { NOTE_AFTER_MS, NoteToSend } from './note.ts'
import type { GrantedClaim, LeaseHost } from './lease-host.ts'
import type { LockShape } from './lock-shape.ts'
import { RenewalSchedule } from './renewal-schedule.ts'
import type { Renewable } from './renewer.ts'
import { leftWithin, outcomeOf } from './release.ts'
import { ATTEMPT_MS_MAX, NOTE_BYTES_MAX } from '../store/limits.ts'
import type { Lease, LeaseState, Mode, ReleaseOutcome } from './lease.ts'
import { shownAsJson } from './lease-json.ts'
import type { AcquireSettings } from './settings.ts'
import { boundedText } from '../store/bounded-text.ts'
import { formatSequencer } from './sequencer.ts'
import type { LeaveOptions } from '../store/store.ts'
import type { Held, Standing } from '../store/standing.ts'

type State =
  | { readonly kind: 'held' | 'jeopardy' }
  | { readonly kind: 'lost'; readonly error: LeaseLost }
  | { readonly kind: 'released' }

/**
 * A hold that lasts longer than this is watched for its eviction; shorter ones never pay for it. So for at most this long,
 * and the way of a push, an evicted holder may believe beside the next one.
 */
const WATCH_AFTER_MS = 100
const NO_LEAVE_OPTIONS: LeaveOptions = {}

export class HeldLease implements Lease, Renewable {
  static {
    shownAsJson(HeldLease)
  }
  readonly namespace: string
  readonly shape: LockShape
  readonly ref: Ref & { readonly token: bigint }
  ttlMs: number
  outlives = false
  appointment: Renewable['appointment']
  readonly #outcomeUnknown: boolean
  readonly #settings: AcquireSettings
  readonly #host: LeaseHost
  readonly #grantedAtMs: number
  readonly #alarm: ScheduledItem<() => void>
  readonly #renewals: RenewalSchedule
  #lifeMs: number
  #deadline: Deadline
  #state: State = { kind: 'held' }
  readonly #about: LockEvent & { readonly token: bigint }
  readonly #note: NoteToSend
  #controller: AbortController | undefined
  #watching: AbortController | undefined
  #releasing: Promise<ReleaseOutcome> | undefined

  constructor(claim: GrantedClaim, standing: Held, settings: AcquireSettings, host: LeaseHost) {
    this.namespace = host.namespace
    this.shape = claim.shape
    this.#about = { ...claim.attempt.about, token: standing.token }
    this.#note = new NoteToSend(settings.note, claim.attempt)
    const { resource, id } = claim.ref
    this.ref = { resource, id, token: standing.token }
    this.#outcomeUnknown = claim.outcomeUnknown
    this.ttlMs = settings.ttlMs
    this.#settings = settings
    this.#host = host
    this.#grantedAtMs = host.clock.monotonicMs()
    this.#lifeMs = standing.lifeMs
    this.#deadline = deadlineOf(standing.askedAt, standing.lifeMs)
    const leftMs = remainingMs(this.#deadline, host.clock) - settings.stopBeforeMs
    this.#alarm = host.timers.add(() => this.#onAlarm(), this.#grantedAtMs + Math.min(leftMs, WATCH_AFTER_MS))
    this.#renewals = new RenewalSchedule(this, host)
    this.#renewals.begin(standing)
  }

  get name(): string {
    return this.shape.name
  }

  get mode(): Mode {
    return this.shape.mode
  }

  get token(): bigint {
    this.#touch()
    return this.ref.token
  }

  get lifeMs(): number {
    return this.#lifeMs
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#state.kind === 'lost') this.#controller.abort(this.#state.error)
    }
    this.#touch()
    return this.#controller.signal
  }

  get state(): LeaseState {
    this.#touch()
    return this.#state.kind
  }

  get remainingMs(): number {
    return this.isHeld() ? Math.max(0, remainingMs(this.#deadline, this.#host.clock)) : 0
  }

  get tokenText(): string {
    return String(this.token)
  }
  get sequencer(): string {
    return formatSequencer(this)
  }

  /** Why it was lost, by the clocks of this moment. */
  get loss(): LeaseLost | undefined {
    this.#touch()
    return this.#state.kind === 'lost' ? this.#state.error : undefined
  }

  isHeld(): boolean {
    this.#touch()
    return this.#state.kind === 'held' || this.#state.kind === 'jeopardy'
  }

  assertHeld(): void {
    if (this.isHeld()) return
    // A fresh error for each caller: the stack tells which step came too late.
    const cause = this.#state.kind === 'lost' ? this.#state.error : undefined
    throw new LeaseLost(cause?.message ?? `${described(this)} was released before`, { resource: this.name, cause })
  }

  setNote(note: string): void {
    this.#note.set(boundedText('note', note, NOTE_BYTES_MAX))
    if (this.isHeld()) this.#renewals.within(NOTE_AFTER_MS)
  }

  release(): Promise<ReleaseOutcome> {
    this.#releasing ??= this.#release(this.#settings.minHoldMs)
    return this.#releasing
  }

  /** Asks for a longer life, now and with every renewal from now on: `lifeMs` tells when the store has granted it. */
  lengthen(ttlMs: number, outlives = false): void {
    this.outlives ||= outlives
    this.ttlMs = Math.max(ttlMs, this.ttlMs)
    if (this.isHeld()) this.#renewals.within(0)
  }

  /** Lets the lease run out: for work that was to end and goes on, under which it must not be given back. */
  stopRenewing(): void {
    this.#renewals.end()
  }

  /** Ends it here and not in the store: there the claim is left by another hand, or lasts to its end. */
  disarm(): void {
    if (this.isHeld()) this.#end({ kind: 'released' })
    this.#releasing ??= Promise.resolve('released')
  }

  /** Ends the hold under a caller who did not ask for it, and tells the work. */
  revoke(why: string): Promise<ReleaseOutcome> {
    const wasHeld = this.isHeld()
    if (wasHeld) this.#lose('closed', why)
    this.#releasing ??= this.#release(this.#settings.minHoldMs, wasHeld)
    return this.#releasing
  }

  /** The clocks may have jumped apart: looks at both, and finds out soon what the store thinks. */
  recheck(): void {
    if (!this.isHeld()) return
    this.#host.timers.move(this.#alarm, this.#alarmAtMs())
    this.#renewals.within(0)
  }

  /** Gives back what the caller never got to use: a minimum hold does not count. */
  undo(): Promise<ReleaseOutcome> {
    this.#releasing ??= this.#release(0)
    return this.#releasing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  takeNote(): string | undefined {
    return this.#note.take()
  }

  onStanding(standing: Standing, lateMs: number): void {
    if (!this.isHeld()) return
    if (standing.kind !== 'held') {
      const reason = standing.kind === 'gone' ? standing.reason : undefined
      if (reason === undefined) this.#lose('expired', 'the store no longer knows the claim')
      else this.#lose('evicted', `it was evicted: ${reason}`)
      return
    }
    const { monotonicMs } = deadlineOf(standing.askedAt, standing.lifeMs)
    // Answers may overtake one another: the one that reaches furthest counts.
    if (monotonicMs > this.#deadline.monotonicMs) {
      this.#lifeMs = standing.lifeMs
      this.#deadline = deadlineOf(standing.askedAt, standing.lifeMs)
    }
    this.#state = { kind: 'held' }
    // The alarm stays where it is: it comes too early now, looks, and moves itself, once in a life and not with each renewal.
    this.#renewals.inThird(standing.askedAt.monotonicMs)
    const { events } = this.#host
    if (events.hears('renewed')) events.emit('renewed', { ...this.#about, lateMs })
    if (this.#watching === undefined) void this.#watch()
  }

  onUnanswered(error: unknown, note: string | undefined): void {
    if (note !== undefined) this.#note.doubt()
    if (!this.isHeld()) return
    this.#state = { kind: 'jeopardy' }
    this.#renewals.soon()
    this.#host.events.emit('jeopardy', { ...this.#about, remainingMs: this.remainingMs, error })
  }

  /** Bounded in time: giving back goes on in the background when the store does not answer. */
  async #release(minHoldMs: number, wasRevoked = false): Promise<ReleaseOutcome> {
    const { clock, timers, events } = this.#host
    const heldMs = clock.monotonicMs() - this.#grantedAtMs
    const wasHeld = this.isHeld()
    if (wasHeld) this.#end({ kind: 'released' })
    const keepMs = Math.max(0, Math.ceil(minHoldMs - heldMs))
    // Also when it was lost: by a margin or a wall clock the store may not have noticed, and others are waiting.
    const options =
      keepMs > 0 || this.#outcomeUnknown ? { keepMs, outcomeUnknown: this.#outcomeUnknown } : NO_LEAVE_OPTIONS
    const lastsMs = Math.max(0, remainingMs(this.#deadline, clock)) + marginMs(this.#lifeMs)
    const request = this.#host.leave({ ref: this.ref, lastsMs, options })
    const outcome = wasHeld || wasRevoked ? outcomeOf(await leftWithin(timers, request, ATTEMPT_MS_MAX)) : 'expired'
    if (events.hears('released')) events.emit('released', { ...this.#about, heldMs, outcome })
    return outcome
  }

  /** Every touch compares the clocks, because timers are late after a stall. */
  #touch(): void {
    if (this.#state.kind !== 'held' && this.#state.kind !== 'jeopardy') return
    if (remainingMs(this.#deadline, this.#host.clock) > 0) return
    this.#lose('deadline', 'its lease ran out before a renewal was confirmed')
  }

  #onAlarm(): void {
    this.#touch()
    if (!this.isHeld()) return
    const { clock, timers } = this.#host
    if (this.#watching === undefined) void this.#watch()
    if (remainingMs(this.#deadline, clock) > this.#settings.stopBeforeMs) {
      timers.move(this.#alarm, this.#alarmAtMs())
      return
    }
    this.#controller ??= new AbortController()
    this.#controller.abort(stopOf(this, remainingMs(this.#deadline, this.#host.clock)))
    timers.move(this.#alarm, this.#deadline.monotonicMs)
  }

  /** When the signal must abort: the deadline or `stopBefore` earlier, and by the clock that leaves less. */
  #alarmAtMs(): number {
    const { clock } = this.#host
    return clock.monotonicMs() + remainingMs(this.#deadline, clock) - this.#settings.stopBeforeMs
  }

  #lose(because: LossCause, why: string): void {
    const error = lossOf(this, why)
    this.#end({ kind: 'lost', error })
    this.#controller?.abort(error)
    const heldMs = this.#host.clock.monotonicMs() - this.#grantedAtMs
    this.#host.events.emit('lost', { ...this.#about, heldMs, because, reason: why })
  }

  #end(state: State): void {
    this.#state = state
    this.#host.timers.cancel(this.#alarm)
    this.#renewals.end()
    this.#watching?.abort()
    this.#host.ended(this)
  }

  async #watch(): Promise<void> {
    const watching = (this.#watching = new AbortController())
    const standing = await this.#host.watch(this.ref, watching.signal)
    this.#watching = undefined
    if (!this.isHeld()) return
    if (standing?.kind === 'gone') this.onStanding(standing, 0)
    // A hint says "look again", and a renewal looks; it starts the next watch as well. Never at once: hints may repeat.
    else if (standing !== undefined) this.#renewals.soon()
  }
}
