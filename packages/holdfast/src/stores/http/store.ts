/** The store: every step is one request to a Holdfast server, whose store takes it. */
import type { Claim, Ref } from '../../store/claim.ts'
import { type NotApplied, type OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { LineView, ResourcePage } from '../../store/line-view.ts'
import type { Hint, RenewAnswer, Standing } from '../../store/standing.ts'
import type { LeaveOptions, OpenStore, Renewal, Store, StoreEnvironment } from '../../store/store.ts'
import type { Clock, Stamp } from '../../time/clock.ts'
import { OvertakenAsks } from '../records/overtaken-asks.ts'
import type { ServerAddress } from './address.ts'
import { lineIn, listIn, objectIn, pageIn, standingIn, textIn, wordIn } from './answers.ts'
import { ClaimInstances } from './claim-instances.ts'
import { type ServerAnswer, ServerConnection, type ServerRequest } from './connection.ts'
import { OtherInstance, problemIn, serverError, ServerRefusal } from './errors.ts'
import { ServerFacts } from './facts.ts'
import { batchesOf } from './renewal-batches.ts'
import { ToldWatches } from './told-watches.ts'

const HINT: Hint = { kind: 'hint' }
/** Ten thousand claims with long notes. */
const LINE_LENGTH_MAX = 64 * 1024 * 1024

export function httpStore(address: ServerAddress): Store {
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
  readonly #environment: StoreEnvironment
  readonly #clock: Clock
  readonly #connection: ServerConnection
  readonly #facts: ServerFacts
  readonly #watches: ToldWatches
  readonly #instances = new ClaimInstances()
  readonly #overtaken = new OvertakenAsks()
  #isClosed = false

  constructor(address: ServerAddress, environment: StoreEnvironment) {
    this.#environment = environment
    this.#clock = environment.clock
    const ask = async (): Promise<unknown> => (await this.#ask('opening', { step: 'facts' })).body
    this.#facts = new ServerFacts(address.base.host, environment, ask)
    this.#connection = new ServerConnection(address, environment.clock, (tag) => this.#facts.seen(tag))
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
    return this.#overtaken.ask(
      claim.id,
      () => this.#enter(claim),
      () => this.#leave(claim, {}),
    )
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
    const instance = this.#instances.of(ref)
    return await this.#watches.until<Standing | Hint>(
      { step: 'watch', body: { ref: refBody(ref) }, instance, ended: HINT, read },
      signal,
    )
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
    return await this.#read('evicting a claim', request, (body) => wordIn(body, 'evicted', 'gone'))
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
    const instance = this.#isPerSession ? this.#instances.bind(id, this.#clock.monotonicMs() + ttlMs) : undefined
    try {
      const answer = await this.#ask('entering a line', { step: 'enter', body: claim, instance })
      return this.#stood(id, ttlMs, this.#standing(answer, 'entering a line'))
    } catch (error) {
      if (this.#isOver(id, error)) return this.#gone(id)
      throw error
    }
  }

  async #leave(ref: Ref, options: LeaveOptions): Promise<'left' | 'gone'> {
    const what = 'leaving a line'
    const body = { ref: refBody(ref), ...options }
    try {
      const request = { step: 'leave', body, lane: 'keeps', instance: this.#instances.of(ref) } as const
      const outcome = await this.#read(what, request, (answer) => wordIn(answer, 'left', 'gone'))
      this.#instances.delete(ref.id)
      return outcome
    } catch (error) {
      if (!this.#isOver(ref.id, error)) throw error
      this.#instances.delete(ref.id)
      return 'gone'
    }
  }

  async #renewBatch(batch: readonly Renewal[], instance: string | undefined): Promise<readonly RenewAnswer[]> {
    const what = 'renewing claims'
    const renewals = batch.map(({ ref, ...rest }) => ({ ref: refBody(ref), ...rest }))
    try {
      const answer = await this.#ask(what, { step: 'renew', body: { renewals }, lane: 'keeps', instance })
      const standings = this.#understood(what, () => listIn(objectIn(answer.body)['standings']))
      return batch.map(({ ref, ttlMs }, index) => this.#renewed(answer, standings[index], ref.id, ttlMs))
    } catch (error) {
      // One batch that failed is not the end of the others.
      return batch.map(({ ref }) => this.#failed(error, ref.id))
    }
  }

  #renewed(answer: ServerAnswer, standing: unknown, id: string, ttlMs: number): RenewAnswer {
    const what = 'renewing claims'
    const problem = problemIn(objectIn(standing ?? {})['problem'])
    if (problem !== undefined) return serverError(new ServerRefusal(problem), what) as RenewAnswer
    return this.#stood(id, ttlMs, this.#standing({ ...answer, body: standing }, what))
  }

  #failed(error: unknown, id: string): RenewAnswer {
    if (this.#isOver(id, error)) return this.#gone(id)
    return error as NotApplied | OutcomeUnknown | StoreUnavailable
  }

  /** Another server answers, and the one that had the claim has let it go by now, or its session died with it. */
  #isOver(id: string, error: unknown): boolean {
    return error instanceof OtherInstance && this.#instances.isOver(id, this.#clock.monotonicMs())
  }

  #gone(id: string): Standing {
    this.#instances.delete(id)
    return { kind: 'gone', reason: 'the server that had the claim is gone' }
  }

  #standing({ body, sentAt }: ServerAnswer, what: string): Standing {
    return this.#understood(what, () => standingIn(body, sentAt, this.#clock.monotonicMs()))
  }

  /** Keeps in mind until when the server that has the claim keeps it. */
  #stood(id: string, ttlMs: number, standing: Standing): Standing {
    if (standing.kind === 'gone' || standing.kind === 'refused') this.#instances.delete(id)
    else this.#instances.prolong(id, this.#clock.monotonicMs() + Math.max(ttlMs, standing.lifeMs ?? 0))
    return standing
  }

  async #read<Answer>(what: string, request: ServerRequest, read: (body: unknown) => Answer): Promise<Answer> {
    const { body } = await this.#ask(what, request)
    return this.#understood(what, () => read(body))
  }

  #understood<Answer>(what: string, read: () => Answer): Answer {
    try {
      return read()
    } catch (error) {
      throw serverError(error, what)
    }
  }

  async #ask(what: string, request: ServerRequest): Promise<ServerAnswer> {
    this.#assertOpen()
    const late = new AbortController()
    try {
      const answer = await this.#environment.bounded(this.#connection.ask(request, late.signal), what)
      this.#instances.answeredBy(answer.instance)
      return answer
    } catch (error) {
      late.abort()
      if (error instanceof ServerRefusal) this.#instances.answeredBy(error.instance)
      throw serverError(error, what)
    }
  }

  get #isPerSession(): boolean {
    return this.facts.ttl.per === 'session'
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('this store was closed')
  }
}

function refBody({ resource, id, token }: Ref): object {
  return { resource, id, ...(token !== undefined && { token: String(token) }) }
}
