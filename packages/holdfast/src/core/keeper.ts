/**
 * Keeps claims alive, holders and waiters alike: everything that is due within a twelfth of its life is renewed by one
 * call to the store. One timer for all of them, no renewal ever throws into the background, and a call that does not
 * answer neither blocks the next one nor counts as a no.
 */
import { Agenda, type Alarms, type Appointment } from './agenda.ts'
import { answerWithin, attemptLimitMs } from './attempt.ts'
import type { Clock } from './clock.ts'
import type { Ref } from './claim.ts'
import { HoldfastError, StoreUnavailable } from './errors.ts'
import { RENEW_BATCH_MAX } from './limits.ts'
import type { RenewAnswer, Renewal, Standing, Store } from './store.ts'

/** A claim in the keeper's care. */
export interface Kept {
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

export class Keeper {
  readonly #store: Store
  readonly #clock: Clock
  readonly #alarms: Alarms
  readonly #agenda: Agenda<Kept>
  readonly #appointments = new Map<Kept, Appointment<Kept>>()

  constructor(store: Store, clock: Clock, alarms: Alarms) {
    this.#store = store
    this.#clock = clock
    this.#alarms = alarms
    this.#agenda = new Agenda<Kept>(clock, {
      batchMax: RENEW_BATCH_MAX,
      earlyMs: (kept) => kept.lifeMs * COMPANY_SHARE,
      due: (batch) => {
        for (const [limitMs, company] of byPatience(batch)) void this.#renew(company, limitMs)
      },
    })
  }

  /** Renews at this moment of the monotonic clock, or as soon as possible when it has passed. */
  renewAt(kept: Kept, atMs: number): void {
    const appointment = this.#appointments.get(kept)
    if (appointment === undefined) this.#appointments.set(kept, this.#agenda.add(kept, atMs))
    else this.#agenda.move(appointment, atMs)
  }

  /** Renews at this moment at the latest: what is due sooner stays so. */
  renewBy(kept: Kept, atMs: number): void {
    const appointment = this.#appointments.get(kept)
    if (appointment === undefined || appointment.index < 0 || appointment.atMs > atMs) this.renewAt(kept, atMs)
  }

  /** Renews after a third of the life, a little earlier or later than the others. */
  renewInThird(kept: Kept, askedAtMs: number): void {
    const jitter = 1 + (Math.random() * 2 - 1) * JITTER_SHARE
    this.renewAt(kept, askedAtMs + (kept.lifeMs / 3) * jitter)
  }

  /** Answers that are still under way reach a claim that was let go of; it ignores them. */
  letGo(kept: Kept): void {
    const appointment = this.#appointments.get(kept)
    if (appointment === undefined) return
    this.#appointments.delete(kept)
    this.#agenda.cancel(appointment)
  }

  async #renew(batch: readonly Kept[], limitMs: number): Promise<void> {
    const sentAtMs = this.#clock.monotonicMs()
    const lateMs = batch.map((kept) => Math.max(0, sentAtMs - (this.#appointments.get(kept)?.atMs ?? sentAtMs)))
    const renewals = batch.map((kept): Renewal => {
      const note = kept.takeNote()
      return { ref: kept.ref, ttlMs: kept.ttlMs, ...(note === undefined ? {} : { note }) }
    })
    const deliver = (answers: readonly RenewAnswer[]): void => {
      batch.forEach((kept, index) => {
        const answer = answers[index]
        const note = renewals[index]?.note
        if (answer instanceof HoldfastError) kept.onUnanswered(answer, note)
        else if (answer !== undefined) kept.onStanding(answer, lateMs[index] ?? 0)
        else kept.onUnanswered(new StoreUnavailable('the store answered a renewal for fewer claims than asked'), note)
      })
    }
    let call: Promise<readonly RenewAnswer[]> | undefined
    try {
      call = this.#store.renew(renewals)
      deliver(await answerWithin(this.#alarms, call, limitMs, 'renewal'))
    } catch (error) {
      batch.forEach((kept, index) => kept.onUnanswered(error, renewals[index]?.note))
      // A late yes still counts, from its own stamp; a second failure of the same call says nothing new.
      call?.then(deliver, () => undefined)
    }
  }
}

/** A short lease cannot wait long for an answer, and must not make the long ones impatient: at most a handful of groups. */
function byPatience(batch: readonly Kept[]): Map<number, readonly Kept[]> {
  return Map.groupBy(batch, (kept) => 2 ** Math.floor(Math.log2(attemptLimitMs(kept.lifeMs))))
}
