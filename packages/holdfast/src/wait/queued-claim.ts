/**
 * One stay in the line: keeps the place alive, and ends with the first thing that says the line moved — the store's
 * push, the answer to a heartbeat, or the time the head was told to look again. All three may be lost but the timers.
 */
import type { ScheduledItem } from '../time/timer-queue.ts'
import type { Claim, Ref } from '../store/claim.ts'
import { RenewalSchedule } from '../lease/renewal-schedule.ts'
import type { Renewable } from '../lease/renewer.ts'
import { PROVISIONAL_LIFE_MS } from '../store/limits.ts'
import type { LocalWaiter } from './local-waiters.ts'
import type { WaitHost } from './wait-host.ts'
import { type Queued, situationOf, type Standing } from '../store/standing.ts'

/**
 * Where an engine cannot push, waiters look on their own. The next in line looks soon, and less and less soon while it
 * stays so; the others have nothing to find before it moves. Of those of one process the first one looks for all: the one
 * behind it looks when it has left, and a crowd does not ask its database thousands of times a second who is first.
 */
const HEAD_POLL_MS = { min: 5, max: 200 } as const
const POLL_MS_MIN = 50
const POLL_MS_MAX = 2_000
const POLL_TTL_SHARE = 1 / 20
/** So near to the head each one looks, in case that the line is in another order than this process was answered in. */
const POLLED_AHEAD_MAX = 4
/**
 * A place has to be renewed, and the next in line looks whether its push was lost. The places behind it are renewed as
 * seldom as one lost answer allows: a store that spares writes does not even prolong a place that has two thirds left.
 */
const NEXT_SHARE = 1 / 3
const BEHIND_SHARE = 2 / 5
/** After an answer that was lost. */
const RETRY_MS_MAX = 1_000
/** The moment something ends is not over yet when a timer that was set for it fires early by rounding. */
const AFTER_END_MS = 0.5

/** Why to enter again and see: the store hinted, or the time it named has come. */
export type WakeReason = 'hint' | 'due'

export class QueuedClaim implements Renewable {
  readonly ref: Ref
  readonly ttlMs: number
  lifeMs: number = PROVISIONAL_LIFE_MS
  appointment: Renewable['appointment']
  readonly #host: WaitHost
  readonly #waiter: LocalWaiter
  readonly #isShared: boolean
  /** Since when it has been the next in line, as far as is known here. */
  readonly #headSinceMs: number
  readonly #watching = new AbortController()
  readonly #renewals: RenewalSchedule
  readonly #moved: Promise<Standing | WakeReason>
  #resolve: (moved: Standing | WakeReason) => void = () => undefined
  #alarm: ScheduledItem<() => void> | undefined
  #hasEnded = false
  /** The store keeps a place that has to be renewed. */
  #isKept = false

  constructor(host: WaitHost, waiter: LocalWaiter, claim: Claim, standing: Queued, headSinceMs: number) {
    this.#waiter = waiter
    this.#isShared = claim.weight < claim.capacity
    this.#headSinceMs = headSinceMs
    this.ref = { resource: claim.resource, id: claim.id }
    this.ttlMs = claim.ttlMs
    this.#host = host
    this.#renewals = new RenewalSchedule(this, host)
    this.#moved = new Promise((resolve) => {
      this.#resolve = resolve
    })
    this.#keep(standing)
    this.#lookAgain(standing)
    void this.#watch(standing)
  }

  /** The new standing, or why to ask for it. */
  moved(): Promise<Standing | WakeReason> {
    return this.#moved
  }

  /** Answers that are still in flight are ignored: they must not keep a claim alive that is no longer waited for. */
  end(): void {
    this.#hasEnded = true
    this.#renewals.end()
    this.#watching.abort()
    if (this.#alarm !== undefined) this.#host.timers.cancel(this.#alarm)
  }

  /** A push may be lost: find the grant soon. */
  lookWithin(limitMs: number): void {
    if (this.#hasEnded || !this.#isKept) return
    this.lifeMs = Math.min(this.lifeMs, PROVISIONAL_LIFE_MS)
    this.#renewals.within(limitMs)
  }

  takeNote(): undefined {
    return undefined
  }

  onStanding(standing: Standing): void {
    if (this.#hasEnded) return
    if (standing.kind !== 'queued') {
      this.#resolve(standing)
      if (standing.kind === 'held' && this.#isShared) this.#host.localWaiters.lookAll(this.ref.resource)
      return
    }
    this.#keep(standing)
    this.#lookAgain(standing)
  }

  onUnanswered(): void {
    this.#renewals.within(Math.min(this.lifeMs / 3, RETRY_MS_MAX))
  }

  #keep({ lifeMs, ahead = 0 }: Queued): void {
    if (lifeMs === undefined) return
    this.#isKept = true
    // A waiter that missed its push must find its grant while it is provisional, and of those here the first is granted
    // first. Of an exclusive line only the head is granted, and a claim that becomes the head is told.
    const isNext = ahead === 0 || this.#isShared
    const isFirst = isNext && this.#host.localWaiters.isFirst(this.ref.resource, this.#waiter)
    this.lifeMs = isFirst ? Math.min(lifeMs, PROVISIONAL_LIFE_MS) : lifeMs
    this.#renewals.inShare(isFirst ? NEXT_SHARE : BEHIND_SHARE, this.#host.clock.monotonicMs())
  }

  #lookAgain(standing: Queued): void {
    const { timers, clock, facts } = this.#host
    const recheckInMs = standing.recheckInMs ?? Number.POSITIVE_INFINITY
    if (facts?.wakeUp === 'poll' && this.#isLookedFor(standing)) return
    const inMs = facts?.wakeUp === 'poll' ? Math.min(recheckInMs, this.#polledInMs(standing)) : recheckInMs
    if (!Number.isFinite(inMs)) return
    const atMs = clock.monotonicMs() + inMs + AFTER_END_MS
    if (this.#alarm === undefined) this.#alarm = timers.add(() => this.#resolve('due'), atMs)
    // A renewal may say once more what an earlier answer said: the earlier moment counts.
    else if (this.#alarm.index < 0 || atMs < this.#alarm.atMs) timers.move(this.#alarm, atMs)
  }

  /** By another waiter of this process, and its place is kept meanwhile. */
  #isLookedFor({ ahead = 0 }: Queued): boolean {
    return ahead > POLLED_AHEAD_MAX && this.#isKept && !this.#host.localWaiters.isFirst(this.ref.resource, this.#waiter)
  }

  #polledInMs({ ahead = 0 }: Queued): number {
    const jitter = 0.5 + Math.random()
    if (ahead > 0) return Math.min(POLL_MS_MIN + jitter * this.ttlMs * POLL_TTL_SHARE, POLL_MS_MAX)
    const passedMs = this.#host.clock.monotonicMs() - this.#headSinceMs
    return Math.min(Math.max(HEAD_POLL_MS.min, passedMs / 4), HEAD_POLL_MS.max) * jitter
  }

  /** Ends with the stay: a store answers a watch only when the claim stands elsewhere, or with a hint. */
  async #watch(first: Queued): Promise<void> {
    const { signal } = this.#watching
    for (let last = situationOf(first); !signal.aborted;) {
      const seen = await this.#host.watch(this.ref, signal)
      // A watch that failed must not make the waiter spin: the heartbeat goes on without it.
      if (seen === undefined || signal.aborted) return
      if (seen.kind === 'hint' || situationOf(seen) === last) return this.#resolve('hint')
      if (seen.kind !== 'queued') return this.#resolve(seen)
      last = situationOf(seen)
      this.#lookAgain(seen)
      // The one in front may be paused as soon as it holds: its end has to be known before it comes.
      if (last === 'head') this.lookWithin(Math.min(this.ttlMs, PROVISIONAL_LIFE_MS) / 3)
    }
  }
}
