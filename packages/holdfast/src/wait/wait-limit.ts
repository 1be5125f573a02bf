/**
 * The limit of a wait, and what may end it sooner. Opening the store has a limit of its own, and the first ask is answered
 * in its own time, so that a short wait does no worse than no wait at all; from the first answer on the wait is bounded,
 * counted from the ask.
 */
import type { Timers, ScheduledItem } from '../time/timer-queue.ts'
import { noAnswer } from '../time/call-limit.ts'
import type { Clock } from '../time/clock.ts'
import { ATTEMPT_MS_MAX } from '../store/limits.ts'

/** Thrown inside a wait when its time is over; the wait turns it into the error the caller sees. */
const TIME_IS_OVER = Symbol('the wait is over')

/** A call to the store, as its wait sees it. */
export interface LimitedCall {
  readonly limitMs: number
  /** For the error. */
  readonly what: string
  answered(): void
  /** It was given up, or the store refused it. */
  failed(error: unknown): void
}

interface PendingCall {
  readonly endsAtMs: number
  giveUp(): void
}

export class WaitLimit {
  readonly #clock: Clock
  readonly #startedMs: number
  readonly #limitMs: number
  #askedMs: number
  readonly #signal: AbortSignal | undefined
  readonly #timers: Timers
  /** At the end of the wait or of the call under way, or too early: then it looks, and moves itself. */
  #alarm: ScheduledItem<() => void> | undefined
  #endsAtMs = Number.POSITIVE_INFINITY
  #pending: PendingCall | undefined
  #ended: PromiseWithResolvers<void> | undefined
  #wasAnswered = false
  // Not Promise.race with one long-lived promise: a day of waiting would pile up a reaction for every round.
  #reject: ((error: unknown) => void) | undefined
  #over: { readonly error: unknown } | undefined

  constructor(clock: Clock, timers: Timers, limitMs: number, signal: AbortSignal | undefined) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
    this.#askedMs = this.#startedMs
    this.#limitMs = limitMs
    this.#signal = signal
    this.#timers = timers
    signal?.addEventListener('abort', this)
    if (signal?.aborted === true) this.handleEvent()
  }

  get waitedMs(): number {
    return this.#clock.monotonicMs() - this.#startedMs
  }

  /** The store did not open in the time that an opening has: what is left of the wait may go on it, and no more. */
  opensLate(): void {
    this.#endsBy(this.#startedMs + this.#limitMs)
    if (this.waitedMs >= this.#limitMs) this.stop(TIME_IS_OVER)
  }

  /** The store is open, and the first ask is about to be sent. */
  begin(): void {
    this.#askedMs = this.#clock.monotonicMs()
    this.#endsAtMs = this.#askedMs + Math.max(this.#limitMs, ATTEMPT_MS_MAX)
  }

  /** The store answered: what is left of the wait counts from here on. */
  answered(): void {
    if (this.#wasAnswered) return
    this.#wasAnswered = true
    if (this.#limitMs < ATTEMPT_MS_MAX) this.#endsBy(this.#askedMs + this.#limitMs)
  }

  throwIfOver(): void {
    if (this.#over !== undefined) throw this.#over.error
  }

  /** The promise, or a rejection as soon as the wait is over. A wait does one thing at a time, so only the last one is bounded. */
  bound<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) reject(this.#over.error)
      this.#reject = reject
      promise.then(resolve, reject)
    })
  }

  /**
   * The same for one call to the store, which counts as unknown after its limit; it goes on, and its late answer is the
   * caller's to watch. Not when the wait is over: then nothing may be asked.
   */
  answerWithin<T>(call: Promise<T>, limited: LimitedCall): Promise<T> {
    return new Promise((resolve, reject) => {
      const { limitMs } = limited
      const fail = (error: unknown): void => {
        if (this.#pending !== pending) return
        this.#pending = undefined
        limited.failed(error)
        reject(error)
      }
      const endsAtMs = this.#clock.monotonicMs() + limitMs
      const pending = { endsAtMs, giveUp: () => fail(noAnswer(limited.what, limitMs)) }
      this.#pending = pending
      this.#reject = fail
      this.#alarmBy(Math.min(endsAtMs, this.#endsAtMs))
      call.then((answer) => {
        if (this.#pending !== pending) return
        this.#pending = undefined
        limited.answered()
        resolve(answer)
      }, fail)
    })
  }

  timedOut(error: unknown): boolean {
    return error === TIME_IS_OVER
  }

  /** Why the wait ended, for events. */
  get ending(): 'timeout' | 'aborted' | 'failed' {
    if (this.#over === undefined) return 'failed'
    return this.timedOut(this.#over.error) ? 'timeout' : 'aborted'
  }

  /** Resolves when the wait has ended, in whatever way. */
  get ended(): Promise<void> {
    this.#ended ??= Promise.withResolvers()
    return this.#ended.promise
  }

  end(): void {
    this.#ended?.resolve()
    if (this.#alarm !== undefined) this.#timers.cancel(this.#alarm)
    this.#signal?.removeEventListener('abort', this)
  }

  /** Ends the wait with this error, unless it is over already. */
  stop(error: unknown): void {
    this.#over ??= { error }
    this.#reject?.(this.#over.error)
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.stop(this.#signal?.reason)
  }

  #endsBy(atMs: number): void {
    this.#endsAtMs = atMs
    this.#alarmBy(atMs)
  }

  #alarmBy(atMs: number): void {
    if (this.#alarm === undefined) this.#alarm = this.#timers.add(() => this.#onAlarm(), atMs)
    else if (this.#alarm.index < 0 || this.#alarm.atMs > atMs) this.#timers.move(this.#alarm, atMs)
  }

  #onAlarm(): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= this.#endsAtMs) return this.stop(TIME_IS_OVER)
    if (this.#pending !== undefined && nowMs >= this.#pending.endsAtMs) this.#pending.giveUp()
    this.#alarmBy(Math.min(this.#pending?.endsAtMs ?? Number.POSITIVE_INFINITY, this.#endsAtMs))
  }
}
