/**
 * Keeps claims alive, holders and waiters alike: everything that is due within a twelfth of its life is renewed by one
 * call to the store. One timer for all of them, no renewal ever throws into the background, and a call that does not
 * answer neither blocks the next one nor counts as a no.
 */
import { TimerQueue, type Timers, type ScheduledItem } from '../time/timer-queue.ts'
import { answerWithin, attemptLimitMs } from '../time/call-limit.ts'
import type { Clock } from '../time/clock.ts'
import type { Ref } from '../store/claim.ts'
import { HoldfastError, StoreUnavailable } from '../store/errors.ts'
import { RENEW_BATCH_MAX } from '../store/limits.ts'
import type { Renewal, OpenStore } from '../store/store.ts'
import type { RenewAnswer, Standing } from '../store/standing.ts'

/** A claim in the keeper's care. */
export interface Renewable {
  readonly ref: Ref
  readonly ttlMs: number
  /** The life last given: what the pace of renewal is counted from. */
  readonly lifeMs: number
  /** New public data to send along, once; `undefined` for no change. */
  takeNote(): string | undefined
  /** The store's answer, possibly a late one. It says when to renew next, by `keeper.renewAt`. */
  onStanding(standing: Standing, lateMs: number): void
  /** No answer, or an error; the note that was taken along may not have arrived. */
  onUnanswered(error: unknown, note: string | undefined): void
}

/** A share of the life that a renewal may be early to travel in company. */
const COMPANY_SHARE = 1 / 12
/** Leases that were granted together spread out by this share of a third of their life. */
const JITTER_SHARE = 0.1

export class Renewer {
  readonly #store: Pick<OpenStore, 'renew'>
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #queue: TimerQueue<Renewable>
  readonly #items = new Map<Renewable, ScheduledItem<Renewable>>()

  constructor(store: Pick<OpenStore, 'renew'>, clock: Clock, timers: Timers) {
    this.#store = store
    this.#clock = clock
    this.#timers = timers
    this.#queue = new TimerQueue<Renewable>(clock, {
      batchMax: RENEW_BATCH_MAX,
      earlyMs: (renewable) => renewable.lifeMs * COMPANY_SHARE,
      due: (batch) => {
        for (const [limitMs, company] of byCallLimit(batch)) void this.#renew(company, limitMs)
      },
    })
  }

  /** Renews at this moment of the monotonic clock, or as soon as possible when it has passed. */
  renewAt(renewable: Renewable, atMs: number): void {
    const item = this.#items.get(renewable)
    if (item === undefined) this.#items.set(renewable, this.#queue.add(renewable, atMs))
    else this.#queue.move(item, atMs)
  }

  /** Renews at this moment at the latest: what is due sooner stays so. */
  renewBy(renewable: Renewable, atMs: number): void {
    const item = this.#items.get(renewable)
    if (item === undefined || item.index < 0 || item.atMs > atMs) this.renewAt(renewable, atMs)
  }

  /** Renews after a third of the life, a little earlier or later than the others. */
  renewInThird(renewable: Renewable, askedAtMs: number): void {
    const jitter = 1 + (Math.random() * 2 - 1) * JITTER_SHARE
    this.renewAt(renewable, askedAtMs + (renewable.lifeMs / 3) * jitter)
  }

  /** Answers that are still under way reach a claim that was let go of; it ignores them. */
  remove(renewable: Renewable): void {
    const item = this.#items.get(renewable)
    if (item === undefined) return
    this.#items.delete(renewable)
    this.#queue.cancel(item)
  }

  async #renew(batch: readonly Renewable[], limitMs: number): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs()
    const lateMs = batch.map((renewable) => Math.max(0, sentAtMs - (this.#items.get(renewable)?.atMs ?? sentAtMs)))
    const renewals = batch.map((renewable): Renewal => {
      const note = renewable.takeNote()
      return { ref: renewable.ref, ttlMs: renewable.ttlMs, ...(note === undefined ? {} : { note }) }
    })
    const deliver = (answers: readonly RenewAnswer[]): void => {
      batch.forEach((renewable, index) => {
        const answer = answers[index]
        const note = renewals[index]?.note
        if (answer instanceof HoldfastError) renewable.onUnanswered(answer, note)
        else if (answer !== undefined) renewable.onStanding(answer, lateMs[index] ?? 0)
        else
          renewable.onUnanswered(new StoreUnavailable('the store answered a renewal for fewer claims than asked'), note)
      })
    }
    let call: Promise<readonly RenewAnswer[]> | undefined
    try {
      call = this.#store.renew(renewals)
      deliver(await answerWithin(this.#timers, call, limitMs, 'renewal'))
    } catch (error) {
      batch.forEach((renewable, index) => renewable.onUnanswered(error, renewals[index]?.note))
      // A late yes still counts, from its own stamp; a second failure of the same call says nothing new.
      call?.then(deliver, () => undefined)
    }
  }
}

/** A short lease cannot wait long for an answer, and must not make the long ones impatient: at most a handful of groups. */
function byCallLimit(batch: readonly Renewable[]): Map<number, readonly Renewable[]> {
  return Map.groupBy(batch, (renewable) => 2 ** Math.floor(Math.log2(attemptLimitMs(renewable.lifeMs))))
}
