/**
 * A rate on one line: permits are claims on its capacity, and each is given back as soon as it is granted, with its weight kept
 * for the span. So the store ends it, and neither the death of a process nor the end of a client does.
 */
import type { LockClient } from '../../client/client.ts'
import { Events } from '../../client/events.ts'
import { acquireSettings } from '../../client/options.ts'
import { lookAt, query } from '../../client/query.ts'
import { type Claim, newClaimId } from '../../store/claim.ts'
import { isFinal, isPassing, Misuse, OutcomeUnknown, Unsupported } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'
import type { ClaimView } from '../../store/line-view.ts'
import type { Refused, Standing } from '../../store/standing.ts'
import type { OpenStore } from '../../store/store.ts'
import { Backoff } from '../../time/backoff.ts'
import { answerWithin } from '../../time/call-limit.ts'
import { sleep } from '../../time/clock.ts'
import { tooLong } from '../../wait/wait-errors.ts'
import { recipeName } from '../recipe-name.ts'
import { wholeNumber } from '../whole-number.ts'
import { rateDenial } from './permit-support.ts'
import type { RateAnswer, RateEvents, RateLimit, RateOptions, RateUsage, RateWaitOptions } from './rate-limit.ts'

export interface RatePlan {
  readonly name: string
  readonly limit: number
  readonly perMs: number
  readonly passesWhenAway: boolean
}

/** A lost answer is asked for again soon, by the same id. */
const FIRST_ANSWER_MS = 200
/** Permits whose life ended while the answer was on its way: a span that is shorter than that cannot be kept. */
const LATE_TAKES_MAX = 3

export class LineRate implements RateLimit {
  readonly #client: LockClient
  readonly #plan: RatePlan
  readonly #events: Events<RateEvents>

  constructor(client: LockClient, plan: RatePlan) {
    this.#client = client
    this.#plan = plan
    this.#events = new Events('holdfast:rate', ['unlimited'], (event, error) => client.listenerThrew(event, error))
  }

  async tryTake({ key, count = 1 }: RateOptions = {}): Promise<RateAnswer> {
    const name = this.#nameOf(key)
    wholeNumber('count', count, this.#plan.limit)
    try {
      await this.#opened(name)
      // A store that answers at once would keep the timers of this process from running.
      await this.#client.loopTurn.due()
      return await this.#taken(name, count)
    } catch (error) {
      if (!isPassing(error) || !this.#plan.passesWhenAway) throw error
      this.#events.emit('unlimited', { name, error })
      return { allowed: true, limited: false }
    }
  }

  /** Permits are never given back early, so a wait that is too short for the next one that ends is over at once. */
  async take({ wait, signal, ...options }: RateWaitOptions = {}): Promise<void> {
    const { clock, defaults } = this.#client
    const call = { ...(wait !== undefined && { wait }), ...(signal !== undefined && { signal }) }
    const { waitMs } = acquireSettings(call, defaults)
    const startedMs = clock.monotonicMs()
    for (;;) {
      signal?.throwIfAborted()
      const answer = await this.tryTake(options)
      if (answer.allowed) return
      const waitedMs = clock.monotonicMs() - startedMs
      if (waitedMs + answer.retryAfterMs > waitMs) throw tooLong(this.#nameOf(options.key), waitedMs)
      await sleep(clock, answer.retryAfterMs, signal)
    }
  }

  async usage(key?: string): Promise<RateUsage> {
    const name = this.#nameOf(key)
    await this.#opened(name)
    const { claims } = await lookAt(this.#client, name)
    return { limit: this.#plan.limit, used: weightOf(claims), freesInMs: freesInMs(claims, 1) ?? 0 }
  }

  on<Name extends keyof RateEvents>(name: Name, listener: (event: RateEvents[Name]) => void): () => void {
    return this.#events.on(name, listener)
  }

  /** Facts may change while a store is open, so they are read for each take. */
  async #opened(name: string): Promise<void> {
    const client = this.#client
    const { facts } = await client.open()
    const { settings } = client
    const shape = { name, mode: 'permit', weight: 1, capacity: this.#plan.limit, needs: 'semaphore' } as const
    const plain = { ...settings, ttlMs: this.#plan.perMs, lockDelayMs: 0, minHoldMs: this.#plan.perMs }
    client.checkSupported({ shape, resource: client.resourceOf(name), queue: false, settings: plain }, facts)
    const denial = rateDenial(facts, this.#plan.perMs)
    if (denial !== undefined) throw new Unsupported(`${facts.engine} keeps no rate: ${denial}`, { resource: name })
  }

  async #taken(name: string, count: number): Promise<RateAnswer> {
    for (let late = 0; late < LATE_TAKES_MAX; late += 1) {
      const claim = this.#newClaim(name, count)
      const standing = await this.#entered(name, claim)
      switch (standing.kind) {
        case 'held':
          await this.#givenBack(claim, standing.token)
          return { allowed: true, limited: true }
        case 'refused':
          return { allowed: false, retryAfterMs: await this.#retryAfterMs(name, count, standing) }
        case 'gone':
          break
        case 'queued':
          throw new Misuse('a claim that does not wait was queued: the store broke the seam', { resource: name })
      }
    }
    throw new OutcomeUnknown(
      `answers about "${name}" took longer than ${this.#plan.perMs} ms, for which a permit counts`,
    )
  }

  #newClaim(name: string, weight: number): Claim {
    const { limit, perMs } = this.#plan
    const resource = this.#client.resourceOf(name)
    // A permit has no owner, and where a line is one record more of them find room without.
    const plain = { queue: false, lockDelayMs: 0, note: '', owner: '' }
    return { resource, id: newClaimId(), weight, capacity: limit, ttlMs: perMs, ...plain }
  }

  async #entered(name: string, claim: Claim): Promise<Standing> {
    try {
      return await query(this.#client, { name, changes: true }, (store) => this.#asked(store, name, claim))
    } catch (error) {
      // It may have arrived, or arrive yet: this take was not allowed, so it need not count.
      void this.#leave(claim, { outcomeUnknown: true })
      throw error
    }
  }

  /** Asks by the same id until there is an answer, so that a lost one does not count twice. */
  async #asked(store: OpenStore, name: string, claim: Claim): Promise<Standing> {
    const { clock, timers } = this.#client
    const endsAtMs = clock.monotonicMs() + ATTEMPT_MS_MAX
    const backoff = new Backoff()
    for (let answerMs = FIRST_ANSWER_MS; ; answerMs *= 2) {
      try {
        return await answerWithin(timers, store.enter(claim), answerMs, `asking for a permit of "${name}"`)
      } catch (error) {
        const isLost = error instanceof OutcomeUnknown && !isFinal(error)
        if (!isLost || clock.monotonicMs() + answerMs * 2 >= endsAtMs) throw error
      }
      await sleep(clock, backoff.nextMs())
    }
  }

  /** The permit outlives this process from here on. Where that cannot be had, it still counts to its end while the process lives. */
  async #givenBack(claim: Claim, token: bigint): Promise<void> {
    const left = this.#leave(claim, { keepMs: this.#plan.perMs }, token)
    await answerWithin(this.#client.timers, left, ATTEMPT_MS_MAX, 'giving back').catch(() => undefined)
  }

  async #leave(
    { resource, id }: Claim,
    options: { readonly keepMs?: number; readonly outcomeUnknown?: boolean },
    token?: bigint,
  ): Promise<void> {
    const ref = { resource, id, ...(token !== undefined && { token }) }
    await this.#client.leave({ ref, lastsMs: Math.min(this.#plan.perMs, ATTEMPT_MS_MAX), options })
  }

  async #retryAfterMs(name: string, count: number, { because, capacity, recheckInMs }: Refused): Promise<number> {
    const { limit, perMs } = this.#plan
    if (because === 'capacity') {
      throw new Misuse(
        `"${name}" has permits of a limit of ${capacity ?? 'another number'}, this call says ${limit}: ` +
          'give the new limit a new name, or wait until they have ended',
        { resource: name },
      )
    }
    if (because === 'full') {
      throw new Unsupported(
        `the store has no room for more permits of "${name}" than it keeps now, and the limit is ${limit}: ` +
          'give a smaller limit a new name, or use a store that takes more',
        { resource: name },
      )
    }
    try {
      const { claims } = await lookAt(this.#client, name)
      return Math.max(1, Math.ceil(freesInMs(claims, weightOf(claims) + count - limit) ?? 1))
    } catch {
      // That it was refused is known all the same.
      return Math.max(1, Math.ceil(recheckInMs ?? perMs))
    }
  }

  #nameOf(key: string | undefined): string {
    if (key !== undefined && typeof key !== 'string') throw new Misuse('key must be a text')
    return recipeName('rate', key === undefined ? this.#plan.name : `${this.#plan.name}:${key}`)
  }
}

function weightOf(claims: readonly ClaimView[]): number {
  return claims.reduce((sum, { weight }) => sum + weight, 0)
}

/** When permits of this weight have ended, by the ends of the oldest; undefined where there are not as many. */
function freesInMs(claims: readonly ClaimView[], weight: number): number | undefined {
  if (weight <= 0) return undefined
  let freed = 0
  const ends = claims.map((claim) => ({ weight: claim.weight, endsInMs: claim.endsInMs ?? 0 }))
  for (const end of ends.toSorted((one, other) => one.endsInMs - other.endsInMs)) {
    freed += end.weight
    if (freed >= weight) return end.endsInMs
  }
  return undefined
}
