/** A whole store over an engine that keeps each line as one record: the pure transition, and what waits for a change. */
import type { Line } from '../../line/line.ts'
import { standingOf } from '../../line/standing.ts'
import {
  type ClaimState,
  claimStateOf,
  evictFromLine,
  leaveLine,
  type LineStep,
  type Moment,
} from '../../line/transition.ts'
import { appearanceOf, viewOf } from '../../line/view.ts'
import type { Claim, Ref } from '../../store/claim.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { LineView, ResourcePage } from '../../store/line-view.ts'
import { type Hint, type RenewAnswer, situationOf, type Standing } from '../../store/standing.ts'
import type { LeaveOptions, OpenStore, Renewal, Store, StoreEnvironment, TokenScaleView } from '../../store/store.ts'
import { type Clock, type Stamp, stampOf } from '../../time/clock.ts'
import { type Lane, type LineAsk, type OpenRecords, type Reading, type RecordEngine, RecordFull } from './engine.ts'
import { enterStepOf, type StateStep } from './enter-step.ts'
import { pageOf } from './list-page.ts'
import { observeLine } from './observe.ts'
import { OvertakenAsks } from './overtaken-asks.ts'
import { renewEachLine, renewTogether } from './renewals.ts'
import { workOf } from './transaction.ts'
import { WaitingClaims } from './waiting-claims.ts'
import { subjectOf, Watchers } from './watchers.ts'

const HINT: Hint = { kind: 'hint' }

/** A store over records: the engine is opened with the store. */
export function recordStore(openRecords: OpenRecords): Store {
  return {
    async open(environment) {
      const [watchers, waiting] = [new Watchers(), new WaitingClaims()]
      const engine = await openRecords(environment, (notice) => {
        waiting.heard(notice)
        watchers.hear(notice)
      })
      return new RecordStore(engine, { watchers, waiting }, environment)
    },
  }
}

interface Local {
  readonly watchers: Watchers
  readonly waiting: WaitingClaims
}

class RecordStore implements OpenStore {
  /** Only where the engine can. */
  readonly rebase?: (to?: bigint) => Promise<TokenScaleView>
  readonly #engine: RecordEngine
  readonly #watchers: Watchers
  readonly #clock: Clock
  readonly #environment: StoreEnvironment
  readonly #waiting: WaitingClaims
  /** Asks on their way to an engine that is away, which no request has carried yet. */
  readonly #unsent = new Map<string, Promise<Standing>>()
  readonly #overtaken = new OvertakenAsks()
  readonly #closing = new AbortController()
  #isClosed = false

  constructor(engine: RecordEngine, { watchers, waiting }: Local, environment: StoreEnvironment) {
    this.#engine = engine
    this.#watchers = watchers
    this.#waiting = waiting
    this.#clock = environment.clock
    this.#environment = environment
    const rebase = engine.rebase?.bind(engine)
    if (rebase === undefined) return
    this.rebase = async (to) => {
      this.#assertOpen()
      return await rebase(to)
    }
  }

  get facts(): Facts {
    return this.#engine.facts
  }

  get hearsItself(): boolean {
    return this.#engine.hearsItself === true
  }

  /** What others do it finds by looking. */
  get #hearsOnlyItself(): boolean {
    return this.hearsItself && this.facts.wakeUp === 'poll'
  }

  enter(claim: Claim): Promise<Standing> {
    if (this.#engine.leavesOvertake !== true) return this.#enter(claim)
    return this.#overtaken.ask(
      claim.id,
      () => this.#enter(claim),
      () => this.#leave(claim, 0),
    )
  }

  async #enter(claim: Claim): Promise<Standing> {
    const askedAt = this.#ask()
    const { resource, id } = claim
    // An ask that was not sent yet serves this one as well.
    const unsent = this.#unsent.get(id)
    if (unsent !== undefined) return unsent
    const step = enterStepOf(claim, this.#engine)
    // A waiter that asks again mostly changes nothing, and then it takes no lock.
    if (this.#engine.tellsEach === true || this.#hearsOnlyItself) this.#waiting.asking(id)
    const looked = this.#waiting.has(id) ? await this.#lookThrough(resource, id, step, askedAt) : undefined
    if (looked !== undefined) return looked
    const sent: StateStep = (line, now) => {
      // Nothing is granted any more once the store was closed, which may have been during a look.
      this.#assertOpen()
      if (this.#unsent.size > 0) this.#unsent.delete(id)
      return step(line, now)
    }
    const isNew = !this.#waiting.has(id)
    const taking = isNew ? this.#engine.takeFree?.(claim, workOf(resource, id, sent)) : undefined
    if (taking !== undefined) return this.#entered(taking, id, askedAt)
    const done = this.#apply(resource, id, sent, 'asks')
    // An engine in this process answers at once: a turn of the microtasks would be a tenth of its pair.
    if (!(done instanceof Promise)) return this.#stepAnswered(done, id, askedAt)
    const entered = this.#entered(done, id, askedAt)
    this.#unsent.set(id, entered)
    return entered.finally(() => this.#unsent.delete(id))
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    const askedAt = this.#ask()
    if (this.#engine.spansLines) return await this.#renewTogether(renewals, askedAt)
    const alone = this.#engine.renewAlone?.(renewals) ?? []
    const tried = alone.map((state) => state?.then((found) => found && standingOf(found, askedAt, undefined)))
    return await renewEachLine(renewals, tried, (group) => this.#renewTogether(group, askedAt))
  }

  leave(ref: Ref, { keepMs = 0 }: LeaveOptions = {}): Promise<'left' | 'gone'> {
    this.#overtaken.left(ref.id)
    return this.#leave(ref, keepMs)
  }

  async watch(ref: Ref, signal: AbortSignal): Promise<Standing | Hint> {
    this.#assertOpen()
    const news = await this.#watchers.until(subjectOf(ref.resource, ref.id), () => this.#newsOf(ref), signal)
    return news === undefined ? HINT : this.#answered(ref.id, news)
  }

  async observe(resource: string, seen: string, signal: AbortSignal): Promise<string> {
    this.#assertOpen()
    const ends = AbortSignal.any([signal, this.#closing.signal])
    return await observeLine(this.#engine, this.#watchers, this.#environment.timers, { resource, seen, ends })
  }

  async look(resource: string): Promise<LineView> {
    this.#assertOpen()
    const { record, now } = await this.#engine.read(resource, 'all')
    return viewOf(resource, record.line, now, appearanceOf(record.line, now))
  }

  async list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    this.#assertOpen()
    const lines = await this.#engine.list(prefix, cursor ?? '', limit + 1)
    return pageOf(lines, limit)
  }

  async evict(resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'> {
    this.#assertOpen()
    const step = (line: Line, now: Moment): LineStep<'evicted' | 'gone'> => evictFromLine(line, token, reason, now)
    return (await this.#apply(resource, undefined, step, 'keeps')).answer
  }

  async close(): Promise<void> {
    const overtaken = this.#overtaken.ended()
    if (overtaken !== undefined) await overtaken
    if (this.#isClosed) return
    this.#isClosed = true
    this.#closing.abort()
    this.#watchers.endAll()
    await this.#engine.close()
  }

  async #leave(ref: Ref, keepMs: number): Promise<'left' | 'gone'> {
    this.#assertOpen()
    this.#waiting.end(ref.id)
    if (keepMs === 0 && this.#engine.giveBack !== undefined && (await this.#engine.giveBack(ref))) return 'left'
    const left = this.#apply(ref.resource, ref.id, (line, now) => leaveLine(line, ref, keepMs, now), 'keeps')
    return left instanceof Promise ? (await left).answer : left.answer
  }

  async #renewTogether(renewals: readonly Renewal[], askedAt: Stamp): Promise<readonly RenewAnswer[]> {
    const asks = [...Map.groupBy(renewals, ({ ref }) => ref.resource)].map(([resource, group]): LineAsk => ({
      resource,
      ids: group.map(({ ref }) => ref.id),
    }))
    const answers = await this.#engine.change(
      asks,
      (change) => renewTogether(change, renewals, (step, id) => this.#standing(step, id, askedAt)),
      'keeps',
    )
    return answers.map((answer, index) => {
      const id = renewals[index]?.ref.id
      return 'kind' in answer && id !== undefined ? this.#renewalAnswered(id, answer) : answer
    })
  }

  #apply<Answer>(
    resource: string,
    id: string | undefined,
    step: (line: Line, now: Moment) => LineStep<Answer>,
    lane: Lane,
  ): LineStep<Answer> | Promise<LineStep<Answer>> {
    return this.#engine.change([{ resource, ids: id === undefined ? [] : [id] }], workOf(resource, id, step), lane)
  }

  async #entered(entering: Promise<LineStep<ClaimState>>, id: string, askedAt: Stamp): Promise<Standing> {
    try {
      return this.#stepAnswered(await entering, id, askedAt)
    } catch (error) {
      if (error instanceof RecordFull) return { kind: 'refused', because: 'full' }
      throw error
    }
  }

  /** A step that turns out to change nothing, without a change of the record; `undefined` when it would change it. */
  async #lookThrough(resource: string, id: string, step: StateStep, askedAt: Stamp): Promise<Standing | undefined> {
    const { record, now } = await this.#engine.read(resource, [id])
    const { line } = record
    const done =
      this.#engine.around === undefined
        ? step(line, now)
        : this.#engine.around(line, now, (before) => step(before, now))
    return done.line === line ? this.#stepAnswered(done, id, askedAt) : undefined
  }

  #newsOf(ref: Ref): Standing | undefined | Promise<Standing | undefined> {
    const askedAt = stampOf(this.#clock)
    if (this.#waiting.isUnchanged(ref.id)) return undefined
    const pushed = this.#waiting.pushedTo(ref.id, this.#engine, askedAt)
    if (pushed !== undefined) return pushed
    const newsOfLine = (line: Line, now: Moment, sinceAt: Stamp): Standing | undefined => {
      const state = claimStateOf(line, ref.id, now, ref.token)
      if (situationOf(state) === this.#waiting.situationOf(ref.id)) return undefined
      return this.#standing({ line, answer: state, notify: [] }, ref.id, sinceAt)
    }
    const own = this.#waiting.takeOwn(ref.id)
    if (own !== undefined) return newsOfLine(own.line, own.now, own.askedAt)
    const newsIn = ({ record, now }: Reading): Standing | undefined => newsOfLine(record.line, now, askedAt)
    const reading = this.#engine.read(ref.resource, [ref.id])
    return reading instanceof Promise ? this.#waiting.during(ref.id, reading).then(newsIn) : newsIn(reading)
  }

  #standing({ answer, line }: LineStep<ClaimState>, id: string, askedAt: Stamp): Standing {
    const recheckInMs = answer.kind === 'queued' ? this.#engine.recheckInMs?.(line, id) : undefined
    return standingOf(answer, askedAt, recheckInMs)
  }

  #stepAnswered(step: LineStep<ClaimState>, id: string, askedAt: Stamp): Standing {
    return this.#answered(id, this.#standing(step, id, askedAt), step.line.lastToken)
  }

  #answered(id: string, standing: Standing, lastToken?: bigint): Standing {
    this.#waiting.answered(id, standing, lastToken)
    return standing
  }

  /** A renewal says less than an ask: the waiter that renews its place may not have heard of its turn yet. */
  #renewalAnswered(id: string, standing: Standing): Standing {
    return standing.kind === 'queued' ? standing : this.#answered(id, standing)
  }

  /** The stamp comes before the request: a life that counts from it never ends after the engine's own. */
  #ask(): Stamp {
    this.#assertOpen()
    return stampOf(this.#clock)
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new StoreUnavailable('this store was closed')
  }
}
