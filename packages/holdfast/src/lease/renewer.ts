/**
 * Keeps claims alive, holders and waiters alike: everything that is due within a twelfth of its life is renewed by one
 * call to the store. One timer for all of them, no renewal ever throws into the background, and a call that does not
 * answer neither blocks the next one nor counts as a no.
 */
import { TimerQueue, type Timers, type ScheduledItem } from '../time/timer-queue.ts'
import { answerWithin, attemptLimitMs } from '../time/call-limit.ts'
import { Backoff } from '../time/backoff.ts'
import { type Clock, sleep } from '../time/clock.ts'
import type { Ref } from '../store/claim.ts'
import { HoldfastError, NotApplied, StoreUnavailable } from '../store/errors.ts'
import { RENEW_BATCH_MAX } from '../store/limits.ts'
import type { Renewal, OpenStore } from '../store/store.ts'
import type { RenewAnswer, Standing } from '../store/standing.ts'

/** A claim that the renewer keeps alive. */
export interface Renewable {
  readonly ref: Ref
  readonly ttlMs: number
  /** The life last given: what the pace of renewal is counted from. */
  readonly lifeMs: number
  /** Of the renewer alone: when it is renewed next. */
  appointment: ScheduledItem<Renewable> | undefined
  /** The claim goes on when this process has ended. */
  readonly outlives?: boolean
  /** New public data to send along, once; `undefined` for no change. */
  takeNote(): string | undefined
  /** The store's answer, possibly a late one. It says when to renew next, by `renewer.renewAt`. */
  onStanding(standing: Standing, lateMs: number): void
  /** No answer, or an error; the note that was taken along may not have arrived. */
  onUnanswered(error: unknown, note: string | undefined): void
}

/** A share of the life that a renewal may be early to travel in company. */
const COMPANY_SHARE = 1 / 12
/** Leases that were granted together spread out by this share of the time to their renewal. */
const JITTER_SHARE = 0.1

export class Renewer {
  readonly #store: Pick<OpenStore, 'renew'>
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #queue: TimerQueue<Renewable>

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
    if (renewable.appointment === undefined) renewable.appointment = this.#queue.add(renewable, atMs)
    else this.#queue.move(renewable.appointment, atMs)
  }

  /** Renews at this moment at the latest: what is due sooner stays so. */
  renewBy(renewable: Renewable, atMs: number): void {
    const item = renewable.appointment
    if (item === undefined || item.index < 0 || item.atMs > atMs) this.renewAt(renewable, atMs)
  }

  /** Renews after this share of the life, a little earlier or later than the others. */
  renewInShare(renewable: Renewable, askedAtMs: number, share: number): void {
    const jitter = 1 + (Math.random() * 2 - 1) * JITTER_SHARE
    this.renewAt(renewable, askedAtMs + renewable.lifeMs * share * jitter)
  }

  /** Answers in flight still reach a claim that was removed; it ignores them. */
  remove(renewable: Renewable): void {
    if (renewable.appointment === undefined) return
    this.#queue.cancel(renewable.appointment)
    renewable.appointment = undefined
  }

  async #renew(batch: readonly Renewable[], limitMs: number): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs()
    const sent = batch.map((renewable): SentRenewal => {
      const note = renewable.takeNote()
      const lateMs = Math.max(0, sentAtMs - (renewable.appointment?.atMs ?? sentAtMs))
      const { ref, ttlMs, outlives } = renewable
      const renewal = { ref, ttlMs, ...(note !== undefined && { note }), ...(outlives === true && { outlives }) }
      return { renewable, lateMs, renewal }
    })
    await this.#send(sent, sentAtMs + limitMs)
  }

  /**
   * One call, and again at once for what a busy store surely did not do: that is no silence, and puts no lease into
   * jeopardy while there is time.
   */
  async #send(sent: readonly SentRenewal[], endsAtMs: number, backoff: Backoff = new Backoff()): Promise<void> {
    const limitMs = endsAtMs - this.#clock.monotonicMs()
    let call: Promise<readonly RenewAnswer[]> | undefined
    let refused: readonly SentRenewal[]
    try {
      call = this.#store.renew(sent.map(({ renewal }) => renewal))
      refused = deliver(sent, await answerWithin(this.#timers, call, limitMs, 'renewal'))
    } catch (error) {
      if (!(error instanceof NotApplied)) {
        for (const { renewable, renewal } of sent) renewable.onUnanswered(error, renewal.note)
        // A late yes still counts, from its own stamp; a second failure of the same call says nothing new.
        call?.then(
          (answers) => deliver(sent, answers),
          () => undefined,
        )
        return
      }
      refused = sent
    }
    if (refused.length === 0) return
    await sleep(this.#clock, backoff.nextMs())
    if (this.#clock.monotonicMs() < endsAtMs) return this.#send(refused, endsAtMs, backoff)
    const busy = new NotApplied('the store was too busy for a renewal all the time that one may take')
    for (const { renewable, renewal } of refused) renewable.onUnanswered(busy, renewal.note)
  }
}

interface SentRenewal {
  readonly renewable: Renewable
  readonly renewal: Renewal
  readonly lateMs: number
}

/** Hands out the answers; answers what was surely not done, and may be asked for again. */
function deliver(sent: readonly SentRenewal[], answers: readonly RenewAnswer[]): readonly SentRenewal[] {
  return sent.filter(({ renewable, renewal, lateMs }, index) => {
    const answer = answers[index]
    if (answer instanceof NotApplied) return true
    if (answer instanceof HoldfastError) renewable.onUnanswered(answer, renewal.note)
    else if (answer !== undefined) renewable.onStanding(answer, lateMs)
    else {
      const missing = new StoreUnavailable('the store answered a renewal for fewer claims than asked')
      renewable.onUnanswered(missing, renewal.note)
    }
    return false
  })
}

/** A short lease cannot wait long for an answer, and must not make the long ones impatient: at most a handful of groups. */
function byCallLimit(batch: readonly Renewable[]): Map<number, readonly Renewable[]> {
  return Map.groupBy(batch, (renewable) => 2 ** Math.floor(Math.log2(attemptLimitMs(renewable.lifeMs))))
}
