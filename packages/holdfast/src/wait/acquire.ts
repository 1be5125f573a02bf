/**
 * From a request to a lease: ask, wait for the turn, and leave nothing behind when the wait ends without one. There is
 * one limit for the whole wait, counted from the call; every call to the store is idempotent by the claim's id, so an
 * answer that did not come is simply asked for again.
 */
import { LockAttempt } from '../lease/lock-attempt.ts'
import { ClaimCalls } from './claim-calls.ts'
import { Backoff } from '../time/backoff.ts'
import { sleep } from '../time/clock.ts'
import { isFinal, Misuse, OutcomeUnknown, StoreUnavailable, WaitTimeout } from '../store/errors.ts'
import { deadlineOf, remainingMs } from '../time/deadline.ts'
import { HeldLease } from '../lease/held-lease.ts'
import type { AttemptedRequest, ClaimRequest } from './claim-request.ts'
import type { LocalWaiter } from './local-waiters.ts'
import { ATTEMPT_MS_MAX, PROVISIONAL_LIFE_MS, PROVISIONAL_RENEW_MS, QUEUE_LENGTH_MAX } from '../store/limits.ts'
import { explained, refusedFinally, tooLong } from './wait-errors.ts'
import { WaitLimit } from './wait-limit.ts'
import type { WaitHost } from './wait-host.ts'
import type { Facts } from '../store/facts.ts'
import type { Refused, Queued, Held, Standing } from '../store/standing.ts'
import { QueuedClaim, type WakeReason } from './queued-claim.ts'

/**
 * What a store calls final ends a wait, unless the store had answered it before: a right or a command that is taken away
 * from a waiter in line may come back, so there it has to stay final for this long.
 */
const FINAL_AFTER_ANSWER_MS = ATTEMPT_MS_MAX
/** Who looks this late is mostly told before, by what this process does next. */
const OWN_NEWS_MS = 50

/** The lease, or null when the request does not queue and the lock is held. */
export function acquire(host: WaitHost, request: ClaimRequest): Promise<HeldLease | null> {
  return !request.queue || request.settings.waitMs > 0 ? acquireWithin(host, request) : acquireAtOnce(host, request)
}

/** No wait at all is one ask, answered in its own time: a limit of 0 ms would end it before any answer. */
async function acquireAtOnce(host: WaitHost, request: ClaimRequest): Promise<HeldLease> {
  const lease = await acquireWithin(host, { ...request, queue: false })
  if (lease === null) throw tooLong(request.shape.name, 0)
  return lease
}

/** For calls that wait: they end with a lease or an error. */
export async function acquireOrThrow(host: WaitHost, request: ClaimRequest): Promise<HeldLease> {
  const lease = await acquire(host, request)
  if (lease === null)
    throw new Misuse('a claim that waits was refused: the store broke the seam', { resource: request.shape.name })
  return lease
}

function acquireWithin(host: WaitHost, request: ClaimRequest): Promise<HeldLease | null> {
  const { clock, timers, events } = host
  const { settings } = request
  const attempt = new LockAttempt(host.namespace, request.shape)
  if (request.isTrial !== true && events.hears('asked')) events.emit('asked', attempt.traceable)
  const limit = new WaitLimit(clock, timers, request.queue ? settings.waitMs : ATTEMPT_MS_MAX, settings.signal)
  return new Acquisition(host, { ...request, attempt }, limit).run()
}

class Acquisition implements LocalWaiter {
  readonly #host: WaitHost
  readonly #request: AttemptedRequest
  readonly #limit: WaitLimit
  readonly #calls: ClaimCalls
  readonly #failures = new Backoff()
  /** Rounds that led nowhere: a store that repeats its hints, or ends every claim, must not be asked without pause. */
  readonly #fruitless = new Backoff()
  #trouble: unknown
  #wasAnswered = false
  #finalSinceMs: number | undefined
  #lastStay: { readonly ahead: number | undefined; readonly sinceMs: number } | undefined
  #headSinceMs: number | undefined
  #turn: QueuedClaim | undefined
  #woken: WakeReason | undefined

  constructor(host: WaitHost, request: AttemptedRequest, limit: WaitLimit) {
    this.#host = host
    this.#request = request
    this.#limit = limit
    this.#calls = new ClaimCalls(host, request, limit)
  }

  /** Bounded by the limit of the wait: each round either ends, waits for the line to move, or backs off. */
  async run(): Promise<HeldLease | null> {
    const { waits, loopTurn } = this.#host
    waits.add(this.#limit)
    try {
      this.#limit.throwIfOver()
      const facts = this.#host.facts ?? (await this.#opened())
      this.#host.checkSupported(this.#request, facts)
      // A store that answers at once would keep every timer and renewal of this process from running.
      const turn = loopTurn.due()
      if (turn !== undefined) await this.#limit.bound(turn)
      this.#limit.begin()
      for (;;) {
        const standing = await this.#attempt(() => this.#calls.enter())
        const end = this.#isEnd(standing) ? standing : await this.#goOn(standing)
        if (end !== undefined) return end.kind === 'held' ? this.#granted(end) : this.#refused(end)
      }
    } catch (error) {
      this.#calls.giveUp()
      const { waitedMs, ending: because } = this.#limit
      this.#host.events.emit('refused', { ...this.#request.attempt.about, waitedMs, because })
      throw explained(error, this.#request, this.#limit, this.#unanswered)
    } finally {
      if (this.#lastStay !== undefined) this.#leaveLocalWaiters()
      waits.delete(this.#limit)
      this.#limit.end()
    }
  }

  /** What kept the store from answering, while it does not. */
  get #unanswered(): unknown {
    return this.#trouble ?? (this.#wasAnswered ? undefined : new OutcomeUnknown('the store did not answer'))
  }

  lookWithin(limitMs: number): void {
    this.#turn?.lookWithin(limitMs)
  }

  /** Who is the first one then finds a push that was lost; where nothing is pushed, it has not looked so far. */
  #leaveLocalWaiters(): void {
    const { facts, store } = this.#host
    const limitMs = facts?.wakeUp !== 'poll' ? PROVISIONAL_LIFE_MS / 3 : store.hearsItself === true ? OWN_NEWS_MS : 0
    this.#host.localWaiters.leave(this.#request.resource, this, limitMs)
  }

  /** Opening has a patience of its own, and a wait that is longer asks again. */
  async #opened(): Promise<Facts> {
    for (;;) {
      try {
        return (await this.#limit.bound(this.#host.open())).facts
      } catch (error) {
        this.#limit.throwIfOver()
        if (!(error instanceof StoreUnavailable) || error.isFinal) throw error
        this.#trouble = error
        this.#limit.opensLate()
        await this.#pause(this.#failures)
      }
    }
  }

  /** Whether there is nothing more to ask. */
  #isEnd(standing: Standing | undefined): standing is Held | Refused {
    if (standing?.kind !== 'held') return standing?.kind === 'refused'
    const leftMs = this.#leftMs(standing)
    return leftMs > 0 && !this.#isTooShort(standing, leftMs)
  }

  /** The end of the wait, or `undefined` for another round. */
  async #goOn(answer: Standing | undefined): Promise<Held | Refused | undefined> {
    let standing = answer?.kind === 'queued' ? await this.#stayInLine(answer) : answer
    if (standing?.kind === 'held' && this.#isTooShort(standing, this.#leftMs(standing)))
      standing = await this.#confirmed(standing)
    if (standing?.kind === 'gone' || (standing?.kind === 'held' && this.#leftMs(standing) <= 0)) {
      // The place was dropped, or the answer took longer than the life it brought: that id is over, stand in line anew.
      this.#calls.startOver({ mayHold: standing.kind === 'held' })
      if (this.#lastStay !== undefined) this.#leaveLocalWaiters()
      this.#lastStay = undefined
      await this.#pause(this.#fruitless)
      return undefined
    }
    return standing?.kind === 'held' || standing?.kind === 'refused' ? standing : undefined
  }

  /** Renewed to the full life; asked until there is an answer, because `enter` is over for a claim that holds. */
  async #confirmed({ token }: Held): Promise<Standing> {
    for (;;) {
      const standing = await this.#attempt(() => this.#calls.confirm(token))
      if (standing !== undefined) return standing
    }
  }

  async #stayInLine(standing: Queued): Promise<Standing | undefined> {
    const { ahead } = standing
    if (this.#lastStay === undefined) {
      this.#host.events.emit('waiting', { ...this.#request.attempt.about, ahead })
    } else if (this.#woken === 'hint' && this.#isRepeated(standing)) {
      await this.#pause(this.#fruitless)
    } else {
      this.#fruitless.reset()
    }
    const sinceMs = this.#host.clock.monotonicMs()
    this.#lastStay = { ahead, sinceMs }
    this.#headSinceMs = ahead === undefined || ahead === 0 ? (this.#headSinceMs ?? sinceMs) : undefined
    this.#woken = undefined
    this.#host.localWaiters.join(this.#request.resource, this)
    const turn = new QueuedClaim(this.#host, this, this.#calls.claim, standing, this.#headSinceMs ?? sinceMs)
    this.#turn = turn
    try {
      const moved = await this.#limit.bound(turn.moved())
      if (typeof moved === 'object') return moved
      this.#woken = moved
      return undefined
    } finally {
      turn.end()
    }
  }

  /** Whether a hint led nowhere. Where the engine keeps no order a stay in line of some length is change enough. */
  #isRepeated({ ahead }: Queued): boolean {
    const last = this.#lastStay
    if (last === undefined || ahead !== last.ahead) return false
    return ahead !== undefined || this.#host.clock.monotonicMs() - last.sinceMs < 1
  }

  /** One call to the store; `undefined` when it failed in a way that is worth asking again. */
  async #attempt(call: () => Promise<Standing>): Promise<Standing | undefined> {
    try {
      this.#limit.throwIfOver()
      const standing = await call()
      this.#wasAnswered = true
      this.#calls.answered(standing)
      this.#limit.answered()
      this.#failures.reset()
      this.#trouble = undefined
      this.#finalSinceMs = undefined
      return standing
    } catch (error) {
      if (!this.#calls.isWorthRepeating(error)) throw error
      this.#limit.throwIfOver()
      if (this.#isOverBy(error)) throw refusedFinally(this.#request.shape.name, error)
      this.#trouble = error
      await this.#pause(this.#failures)
      return undefined
    }
  }

  /** Whether asking again is pointless. */
  #isOverBy(error: unknown): boolean {
    if (!isFinal(error)) {
      this.#finalSinceMs = undefined
      return false
    }
    const nowMs = this.#host.clock.monotonicMs()
    this.#finalSinceMs ??= nowMs
    return !this.#wasAnswered || nowMs - this.#finalSinceMs >= FINAL_AFTER_ANSWER_MS
  }

  #pause(backoff: Backoff): Promise<void> {
    return this.#limit.bound(sleep(this.#host.clock, backoff.nextMs()))
  }

  /** `stopBefore` needs a life that is longer than itself; and a grant that was missed for a while, or was long under way, may be about to end. */
  #isTooShort({ lifeMs }: Held, leftMs: number): boolean {
    const { stopBeforeMs, ttlMs } = this.#request.settings
    return stopBeforeMs * 2 > lifeMs || leftMs < Math.min(ttlMs / 2, PROVISIONAL_RENEW_MS * 2)
  }

  #leftMs({ askedAt, lifeMs }: Held): number {
    return remainingMs(deadlineOf(askedAt, lifeMs), this.#host.clock)
  }

  #granted(standing: Held): HeldLease {
    // The server may have been replaced since this wait began, and what the new one grants is worth less.
    const { facts } = this.#host
    if (facts !== undefined) this.#host.checkSupported(this.#request, facts)
    const { shape, settings, attempt } = this.#request
    const { ref, outcomeUnknown } = this.#calls
    const lease = new HeldLease({ attempt, shape, ref, outcomeUnknown }, standing, settings, this.#host)
    this.#calls.granted(lease)
    this.#host.began(lease)
    const { events } = this.#host
    if (events.hears('acquired')) {
      events.emit('acquired', { ...attempt.traceable, token: standing.token, waitedMs: this.#limit.waitedMs })
    }
    return lease
  }

  #refused(standing: Refused): null {
    const { name, capacity } = this.#request.shape
    if (standing.because === 'capacity') {
      throw new Misuse(
        `"${name}" is in use with a capacity of ${standing.capacity ?? 'another size'}, this call says ${capacity}: ` +
          'one name has one kind of lock and one number of permits',
        { resource: name, capacity: standing.capacity },
      )
    }
    if (standing.because === 'full') {
      throw new WaitTimeout(`"${name}" has ${QUEUE_LENGTH_MAX} claims waiting already, which is the limit`, {
        resource: name,
        waitedMs: this.#limit.waitedMs,
        because: 'full',
      })
    }
    this.#calls.giveUp()
    if (this.#request.isTrial !== true) {
      const { about } = this.#request.attempt
      this.#host.events.emit('refused', { ...about, waitedMs: this.#limit.waitedMs, because: 'busy' })
    }
    return null
  }
}
