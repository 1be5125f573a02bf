/** The store: every step is one request to a Holdfast server, whose store takes it. */
import type { Claim, Ref } from '../../store/claim.ts'
import { type NotApplied, type OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { LineView, ResourcePage } from '../../store/line-view.ts'
import type { Hint, RenewAnswer, Standing } from '../../store/standing.ts'
import type { LeaveOptions, OpenStore, Renewal, Store, StoreEnvironment } from '../../store/store.ts'
import type { Clock, Stamp } from '../../time/clock.ts'
import type { SeamAddress } from '../http-driver/address.ts'
import { lineIn, listIn, objectIn, outcomeIn, pageIn, standingIn, textIn } from '../http-driver/answers.ts'
import { type SeamAnswer, SeamConnection, type SeamRequest } from '../http-driver/connection.ts'
import { OtherInstance, problemIn, SeamRefusal, serverError } from '../http-driver/errors.ts'
import { batchesOf } from '../http-driver/renewal-batches.ts'
import { SeamRequests } from '../http-driver/requests.ts'
import { ToldWatches } from '../http-driver/told-watches.ts'
import { OvertakenAsks } from '../records/overtaken-asks.ts'
import { ClaimInstances } from './claim-instances.ts'
import { SeamFacts } from './facts.ts'

const HINT: Hint = { kind: 'hint' }
const RENEWING = 'renewing claims'
/** Ten thousand claims with long notes. */
const LINE_LENGTH_MAX = 64 * 1024 * 1024

export function httpStore(address: SeamAddress): Store {
  return {
    async open(environment) {
      const store = new HttpStore(address, environment)
      try {
        await store.begin()
        return store
      } catch (error) {
        await store.close()
        throw error
      }
    },
  }
}

class HttpStore implements OpenStore {
  readonly #clock: Clock
  readonly #connection: SeamConnection
  readonly #requests: SeamRequests
  readonly #facts: SeamFacts
  readonly #watches: ToldWatches
  readonly #instances = new ClaimInstances()
  readonly #overtaken = new OvertakenAsks()
  #isClosed = false

  constructor(address: SeamAddress, environment: StoreEnvironment) {
    const { clock } = environment
    this.#clock = clock
    this.#facts = new SeamFacts(address.base.host, environment, () =>
      this.#read('opening', { step: 'facts' }, objectIn),
    )
    this.#connection = new SeamConnection(address, clock, (tag) => this.#facts.seen(tag))
    this.#requests = new SeamRequests(this.#connection, environment, (instance) => this.#instances.answeredBy(instance))
    this.#watches = new ToldWatches(this.#connection, environment)
  }

  async begin(): Promise<void> {
    await this.#facts.read()
  }

  get facts(): Facts {
    return this.#facts.facts
  }

  /** A leave goes over another connection, and may come before the ask that it is to end. */
  enter(claim: Claim): Promise<Standing> {
    const ask = (): Promise<Standing> => this.#enter(claim)
    return this.#overtaken.ask(claim.id, ask, () => this.#leave(claim, {}))
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    this.#assertOpen()
    const answers = new Map<Renewal, RenewAnswer>()
    const asked = batchesOf(renewals, ({ ref }) => this.#instances.of(ref)).map(async ({ instance, batch }) => {
      for (const [index, answer] of (await this.#renewBatch(batch, instance)).entries()) {
        const renewal = batch[index]
        if (renewal !== undefined) answers.set(renewal, answer)
      }
    })
    await Promise.all(asked)
    return renewals.flatMap((renewal) => answers.get(renewal) ?? [])
  }

  leave(ref: Ref, options: LeaveOptions = {}): Promise<'left' | 'gone'> {
    this.#overtaken.left(ref.id)
    return this.#leave(ref, options)
  }

  async watch(ref: Ref, signal: AbortSignal): Promise<Standing | Hint> {
    this.#assertOpen()
    const read = (told: unknown, sentAt: Stamp): Standing => standingIn(told, sentAt, this.#clock.monotonicMs())
    const body = { ref: refBody(ref) }
    const request = { step: 'watch', body, instance: this.#instances.of(ref), ended: HINT, read } as const
    return await this.#watches.until<Standing | Hint>(request, signal)
  }

  async observe(resource: string, seen: string, signal: AbortSignal): Promise<string> {
    this.#assertOpen()
    const body = { resource, seen }
    const request = { step: 'observe', body, instance: undefined, ended: seen, read: textIn } as const
    return await this.#watches.until<string>(request, signal)
  }

  async look(resource: string): Promise<LineView> {
    const request = { step: 'look', body: { resource }, answerLengthMax: LINE_LENGTH_MAX }
    return await this.#read('looking at a line', request, lineIn)
  }

  async list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    const body = { prefix, limit, ...(cursor !== undefined && { cursor }) }
    return await this.#read('listing lines', { step: 'list', body, answerLengthMax: LINE_LENGTH_MAX }, pageIn)
  }

  async evict(resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'> {
    const request = { step: 'evict', body: { resource, token: String(token), reason } }
    return await this.#read('evicting a claim', request, (body) => outcomeIn(body, 'evicted', 'gone'))
  }

  async close(): Promise<void> {
    const overtaken = this.#overtaken.ended()
    if (overtaken !== undefined) await overtaken
    this.#isClosed = true
    this.#watches.close()
    this.#connection.close()
  }

  async #enter(claim: Claim): Promise<Standing> {
    this.#assertOpen()
    const { id, ttlMs } = claim
    const isPerSession = this.facts.ttl.per === 'session'
    const instance = isPerSession ? this.#instances.bind(id, this.#clock.monotonicMs() + ttlMs) : undefined
    try {
      const request = { step: 'enter', body: claim, instance }
      return await this.#requests.ask('entering a line', request, (answer) => this.#stood(id, ttlMs, answer))
    } catch (error) {
      if (this.#isOver(id, error)) return this.#gone(id)
      throw error
    }
  }

  async #leave(ref: Ref, options: LeaveOptions): Promise<'left' | 'gone'> {
    const body = { ref: refBody(ref), ...options }
    const request = { step: 'leave', body, lane: 'keeps', instance: this.#instances.of(ref) } as const
    try {
      const outcome = await this.#read('leaving a line', request, (answer) => outcomeIn(answer, 'left', 'gone'))
      this.#instances.delete(ref.id)
      return outcome
    } catch (error) {
      if (!this.#isOver(ref.id, error)) throw error
      this.#instances.delete(ref.id)
      return 'gone'
    }
  }

  async #renewBatch(batch: readonly Renewal[], instance: string | undefined): Promise<readonly RenewAnswer[]> {
    const renewals = batch.map(({ ref, ...rest }) => ({ ref: refBody(ref), ...rest }))
    const request = { step: 'renew', body: { renewals }, lane: 'keeps', instance } as const
    try {
      return await this.#requests.ask(RENEWING, request, (answer) => {
        const standings = listIn(objectIn(answer.body)['standings'])
        return batch.map((renewal, index) => this.#renewed(renewal, { ...answer, body: standings[index] }))
      })
    } catch (error) {
      // One batch that failed is not the end of the others.
      return batch.map(({ ref: { id } }) =>
        this.#isOver(id, error) ? this.#gone(id) : (error as NotApplied | OutcomeUnknown | StoreUnavailable),
      )
    }
  }

  #renewed({ ref, ttlMs }: Renewal, answer: SeamAnswer): RenewAnswer {
    const problem = problemIn(objectIn(answer.body)['problem'])
    if (problem === undefined) return this.#stood(ref.id, ttlMs, answer)
    return serverError(new SeamRefusal(problem), RENEWING) as NotApplied | OutcomeUnknown | StoreUnavailable
  }

  /** Keeps in mind until when the server that has the claim keeps it. */
  #stood(id: string, ttlMs: number, { body, sentAt }: SeamAnswer): Standing {
    const nowMs = this.#clock.monotonicMs()
    const standing = standingIn(body, sentAt, nowMs)
    if (standing.kind === 'gone' || standing.kind === 'refused') this.#instances.delete(id)
    else this.#instances.prolong(id, nowMs + Math.max(ttlMs, standing.lifeMs ?? 0))
    return standing
  }

  /** Another server answers, and the one that had the claim has let it go by now, or its session died with it. */
  #isOver(id: string, error: unknown): boolean {
    return error instanceof OtherInstance && this.#instances.isOver(id, this.#clock.monotonicMs())
  }

  #gone(id: string): Standing {
    this.#instances.delete(id)
    return { kind: 'gone', reason: 'the server that had the claim is gone' }
  }

  async #read<Answer>(what: string, request: SeamRequest, read: (body: unknown) => Answer): Promise<Answer> {
    this.#assertOpen()
    return await this.#requests.ask(what, request, ({ body }) => read(body))
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('this store was closed')
  }
}

function refBody({ resource, id, token }: Ref): object {
  return { resource, id, ...(token !== undefined && { token: String(token) }) }
}
