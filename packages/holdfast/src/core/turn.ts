/**
 * One stay in the line: keeps the place alive, and ends with the first thing that says the line moved — the store's
 * push, the answer to a heartbeat, or the time the head was told to look again. All three may be lost but the timers.
 */
import type { Appointment } from './agenda.ts'
import type { Claim, Ref } from './claim.ts'
import type { Kept } from './keeper.ts'
import { PROVISIONAL_LIFE_MS } from './limits.ts'
import type { Session } from './session.ts'
import type { Memo, Queued, Standing } from './store.ts'

/** Where an engine cannot push, every waiter looks by itself, this often at least and at most. */
const POLL_MS_MIN = 50
const POLL_TTL_SHARE = 1 / 20
/** The moment something ends is not over yet when a timer that was set for it fires early by rounding. */
const AFTER_END_MS = 0.5

/** Why to enter again and see: the store hinted, or the time it named has come. */
export type Woken = 'hint' | 'due'

export class Turn implements Kept {
  readonly ref: Ref
  readonly ttlMs: number
  lifeMs: number = PROVISIONAL_LIFE_MS
  readonly #session: Session
  readonly #watching = new AbortController()
  readonly #moved: Promise<Standing | Woken>
  #resolve: (moved: Standing | Woken) => void = () => undefined
  #alarm: Appointment<() => void> | undefined
  #hasEnded = false

  constructor(session: Session, claim: Claim, standing: Queued) {
    this.ref = { resource: claim.resource, id: claim.id }
    this.ttlMs = claim.ttlMs
    this.#session = session
    this.#moved = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#keep(standing)
    this.#lookAgain(standing)
    void this.#watch(standing.memo)
  }

  /** The new standing, or why to ask for it. */
  moved(): Promise<Standing | Woken> {
    return this.#moved
  }

  /** Answers that are still under way find nobody here: they must not keep alive what nobody waits for. */
  end(): void {
    this.#hasEnded = true
    this.#session.keeper.letGo(this)
    this.#watching.abort()
    if (this.#alarm !== undefined) this.#session.alarms.cancel(this.#alarm)
  }

  takeNote(): undefined {
    return undefined
  }

  onStanding(standing: Standing): void {
    if (this.#hasEnded) return
    if (standing.kind !== 'queued') {
      this.#resolve(standing)
      return
    }
    this.#keep(standing)
    this.#lookAgain(standing)
  }

  onUnanswered(): void {
    if (this.#hasEnded) return
    this.#session.keeper.renewInThird(this, this.#session.clock.monotonicMs())
  }

  #keep({ lifeMs }: Queued): void {
    if (lifeMs === undefined) return
    // A waiter that missed its push must find its grant while it is provisional.
    this.lifeMs = Math.min(lifeMs, PROVISIONAL_LIFE_MS)
    this.#session.keeper.renewInThird(this, this.#session.clock.monotonicMs())
  }

  #lookAgain(standing: Queued): void {
    const { alarms, clock, facts } = this.#session
    const polledMs = POLL_MS_MIN + Math.random() * this.ttlMs * POLL_TTL_SHARE
    const freeInMs = standing.freeInMs ?? Number.POSITIVE_INFINITY
    const inMs = facts?.wakeUp === 'poll' ? Math.min(freeInMs, polledMs) : freeInMs
    if (!Number.isFinite(inMs)) return
    const atMs = clock.monotonicMs() + inMs + AFTER_END_MS
    if (this.#alarm === undefined) this.#alarm = alarms.add(() => this.#resolve('due'), atMs)
    else alarms.move(this.#alarm, atMs)
  }

  /** Ends with the turn: a store answers a watch only when the situation differs from the memo, or with a hint. */
  async #watch(first: Memo): Promise<void> {
    const { signal } = this.#watching
    for (let memo = first; !signal.aborted;) {
      const seen = await this.#session.watch(this.ref, memo, signal)
      // A watch that failed must not make the waiter spin: the heartbeat goes on without it.
      if (seen === undefined || signal.aborted) return
      if (seen.kind === 'hint' || (seen.kind === 'queued' && seen.memo === memo)) return this.#resolve('hint')
      if (seen.kind !== 'queued') return this.#resolve(seen)
      memo = seen.memo
      this.#lookAgain(seen)
    }
  }
}
