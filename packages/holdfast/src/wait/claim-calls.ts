/**
 * The calls of one wait, all for one claim id at a time. A call whose answer did not come in time may still arrive at
 * the store; when its answer shows up after we have moved on, what it did is undone.
 */
import { type Claim, newClaimId, type Ref } from '../store/claim.ts'
import { HoldfastError, StoreUnavailable } from '../store/errors.ts'
import type { AttemptedRequest } from './claim-request.ts'
import { noteWithTrace } from '../lease/trace.ts'
import { ATTEMPT_MS_MAX } from '../store/limits.ts'
import type { WaitLimit } from './wait-limit.ts'
import type { WaitHost } from './wait-host.ts'
import type { Standing } from '../store/standing.ts'

/**
 * An ask that was not answered is repeated soon, because repeating is harmless and a lost reply on a free lock should
 * not cost a ttl; and then less and less soon, because the store may just be slow.
 */
const FIRST_ANSWER_MS = 200

export class ClaimCalls {
  readonly #host: WaitHost
  readonly #request: AttemptedRequest
  readonly #limit: WaitLimit
  #claim: Claim
  #answerMs = FIRST_ANSWER_MS
  #outcomeUnknown = false
  #queued = false
  #over = false
  /** Asks under the current id that were given up on and may still be answered: the store may just be slow. */
  readonly #unanswered: Promise<Standing>[] = []
  #lease: { isHeld(): boolean } | undefined

  constructor(host: WaitHost, request: AttemptedRequest, limit: WaitLimit) {
    this.#host = host
    this.#request = request
    this.#limit = limit
    this.#claim = this.#newClaim()
  }

  get claim(): Claim {
    return this.#claim
  }

  /** Something was sent under the current id that has not been answered. */
  get outcomeUnknown(): boolean {
    return this.#outcomeUnknown
  }

  enter(): Promise<Standing> {
    return this.#call(this.#host.store.enter(this.#claim), this.#unanswered)
  }

  /** How the claim stands: what is in the store has to be taken back. */
  answered({ kind }: Standing): void {
    this.#queued ||= kind === 'queued' || kind === 'held'
  }

  /** Renews a fresh grant to its full life before it is handed out. */
  async confirm(token: bigint): Promise<Standing> {
    const { resource, id, ttlMs } = this.#claim
    const [answer] = await this.#call(this.#host.store.renew([{ ref: { resource, id, token }, ttlMs }]))
    if (answer === undefined) throw new StoreUnavailable('the store did not answer a renewal it was asked for')
    if (answer instanceof HoldfastError) throw answer
    return answer
  }

  get ref(): Ref {
    return { resource: this.#claim.resource, id: this.#claim.id }
  }

  /** The wait ended with a grant. A duplicate that was under way may still arrive, and then only the held lease excuses it. */
  granted(lease: { isHeld(): boolean }): void {
    this.#lease = lease
  }

  /** The current id is over; the next call uses a fresh one. What the old one may still hold, or get, is taken back. */
  startOver({ mayHold }: { readonly mayHold: boolean }): void {
    if (mayHold || this.#outcomeUnknown) this.#abandon(this.#claim, this.#outcomeUnknown)
    this.#claim = this.#newClaim()
    this.#outcomeUnknown = false
    this.#queued = false
    this.#unanswered.length = 0
  }

  /** Ends the wait without a grant: whatever may be in the store is taken back, in the background. */
  giveUp(): void {
    if (this.#over) return
    this.#over = true
    if (this.#queued || this.#outcomeUnknown) this.#abandon(this.#claim, this.#outcomeUnknown)
  }

  /** Everything a store may throw is worth another try within the wait; anything else is a defect and ends it. */
  isWorthRepeating(error: unknown): boolean {
    return (
      error instanceof HoldfastError &&
      (error.code === 'NOT_APPLIED' || error.code === 'OUTCOME_UNKNOWN' || error.code === 'STORE_UNAVAILABLE')
    )
  }

  #call<T>(call: Promise<T>, earlier: Promise<T>[] = []): Promise<T> {
    const claim = this.#claim
    const doubtBefore = this.#outcomeUnknown
    this.#outcomeUnknown = true
    const first = earlier.length === 0 ? call : firstAnswer(call, earlier)
    return this.#limit.answerWithin(first, {
      limitMs: this.#answerMs,
      what: `asking for "${this.#request.shape.name}"`,
      answered: () => {
        this.#outcomeUnknown = doubtBefore
        // What the others say by now is older than this.
        earlier.length = 0
      },
      failed: (error) => {
        if (error instanceof HoldfastError && error.code === 'NOT_APPLIED') this.#outcomeUnknown = doubtBefore
        this.#answerMs = Math.min(this.#answerMs * 2, ATTEMPT_MS_MAX)
        earlier.push(call)
        this.#watchLate(call, claim, earlier)
      },
    })
  }

  #watchLate<T>(call: Promise<T>, claim: Claim, earlier: Promise<T>[]): void {
    const late = (): void => {
      const wanted = claim === this.#claim && !this.#over && (this.#lease?.isHeld() ?? true)
      if (!wanted) this.#abandon(claim, false)
    }
    call.then(late, () => {
      const place = earlier.indexOf(call)
      if (place >= 0) void earlier.splice(place, 1)
    })
  }

  #abandon(claim: Claim, outcomeUnknown: boolean): void {
    const ref = { resource: claim.resource, id: claim.id }
    void this.#host.leave({
      ref,
      lastsMs: claim.ttlMs,
      options: outcomeUnknown ? { outcomeUnknown } : {},
    })
  }

  #newClaim(): Claim {
    const { shape, resource, queue, settings, attempt } = this.#request
    const { weight, capacity } = shape
    const { ttlMs, lockDelayMs } = settings
    const note = noteWithTrace(settings.note, attempt.trace)
    const { owner } = this.#host
    return { resource, id: newClaimId(), weight, capacity, ttlMs, queue, lockDelayMs, note, owner }
  }
}

/** The answer of any of them will do, because all asked the same; the failure of the newest is the one that counts. */
function firstAnswer<T>(newest: Promise<T>, earlier: readonly Promise<T>[]): Promise<T> {
  return new Promise((resolve, reject) => {
    newest.then(resolve, reject)
    for (const call of earlier) call.then(resolve, () => undefined)
  })
}
