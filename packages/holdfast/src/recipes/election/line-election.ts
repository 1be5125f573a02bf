/**
 * An election on one exclusive line: the holder leads, the waiters stand by in their order, and the note is the
 * announcement. Here a term is over before the store can give the line to the next one, so two terms overlap only while
 * a process is paused, and then a guard tells them apart.
 */
import type { LockClient } from '../../client/client.ts'
import { Events } from '../../client/events.ts'
import { observe, type ObserveOptions } from '../../client/observe.ts'
import { type AcquireOptions, acquireSettings } from '../../client/options.ts'
import { lookAt } from '../../client/query.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import type { LockShape } from '../../lease/lock-shape.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { LeaseLost, Misuse } from '../../store/errors.ts'
import type { LineView } from '../../store/line-view.ts'
import { type MaybePromise, resultOf, type WorkEnd } from '../duty.ts'
import { mutexShape } from '../mutex.ts'
import { SafetyNotice } from '../safety-notice.ts'
import { Tenure } from '../tenure.ts'
import { acquireInTheEnd, acquireWithin } from '../unlimited-wait.ts'
import type {
  Candidate,
  Election,
  ElectionEvents,
  ElectionHealth,
  Leader,
  LeadOptions,
  StopReason,
  Term,
} from './election.ts'
import { LineTerm } from './line-term.ts'

export interface ElectionPlan {
  /** As it stands on the store. */
  readonly name: string
  readonly settings: AcquireSettings
  readonly stopWithinMs: number
}

/** How a term ended, and what the store says of the release. */
interface TermEnd<T> {
  readonly because: StopReason
  readonly end: WorkEnd<T> | undefined
  readonly released: ReleaseOutcome
}

export class LineElection implements Election {
  readonly #client: LockClient
  readonly #plan: ElectionPlan
  readonly #shape: LockShape
  readonly #events: Events<ElectionEvents>
  readonly #notice = new SafetyNotice()
  #isStanding = false
  #sinceMs: number
  #tenure: Tenure | undefined

  constructor(client: LockClient, plan: ElectionPlan) {
    this.#client = client
    this.#plan = plan
    this.#shape = mutexShape(plan.name)
    this.#sinceMs = client.clock.monotonicMs()
    this.#events = new Events('holdfast:election', ['elected', 'stopped', 'stuck'], (name, error) =>
      client.listenerThrew(name, error),
    )
  }

  async lead<T>(work: (term: Term) => MaybePromise<T>, { signal }: LeadOptions = {}): Promise<T> {
    if (typeof work !== 'function') throw new Misuse('lead() needs the work to do: lead((term) => …)')
    this.#stand()
    try {
      for (;;) {
        const startedMs = this.#client.clock.monotonicMs()
        const lease = await acquireInTheEnd(this.#client, this.#shape, this.#plan.settings, signal)
        const { because, end, released } = await this.#serve(lease, startedMs, work, signal)
        signal?.throwIfAborted()
        if (because === 'closed') throw this.#client.closedError()
        if (because !== 'lost' && end !== undefined) return resultOf(end, lease, released)
      }
    } finally {
      this.#standDown()
    }
  }

  async campaign(options: Pick<AcquireOptions, 'wait' | 'signal'> = {}): Promise<Term> {
    const { waitMs } = acquireSettings(options, this.#client.defaults)
    const { wait, signal } = options
    this.#stand()
    try {
      const startedMs = this.#client.clock.monotonicMs()
      const limitMs = wait === undefined ? undefined : waitMs
      const lease = await acquireWithin(this.#client, this.#shape, this.#plan.settings, signal, limitMs)
      const tenure = this.#begin(lease, startedMs, Number.POSITIVE_INFINITY)
      const { duty } = tenure
      let ended: Promise<ReleaseOutcome> | undefined
      const end = (): Promise<ReleaseOutcome> => {
        const because = duty.stopping.aborted ? this.#lossOf() : 'resigned'
        this.#standDown()
        return this.#end(tenure, because, undefined)
      }
      const term = new LineTerm(tenure, () => (ended ??= end()))
      const onLoss = (): void => void term.resign()
      duty.stopping.addEventListener('abort', onLoss, { once: true })
      if (duty.stopping.aborted) onLoss()
      return term
    } catch (error) {
      this.#standDown()
      throw error
    }
  }

  get isLeader(): boolean {
    return this.#tenure?.isActive === true
  }

  async leader(): Promise<Leader | null> {
    return this.#leaderOf(await lookAt(this.#client, this.#shape.name))
  }

  async *observe(options: ObserveOptions = {}): AsyncGenerator<Leader | null, void, undefined> {
    let last: Leader | null | undefined
    for await (const view of observe(this.#client, this.#shape.name, options)) {
      const leader = this.#leaderOf(view)
      if (last !== undefined && last?.token === leader?.token && last?.announcement === leader?.announcement) continue
      last = leader
      yield leader
    }
  }

  async candidates(): Promise<readonly Candidate[]> {
    const { claims } = await lookAt(this.#client, this.#shape.name)
    const waiting = claims.filter(({ state }) => state === 'waiting')
    return waiting.map(({ owner, note }) => ({ owner, announcement: note }))
  }

  health(): ElectionHealth {
    const forMs = this.#client.clock.monotonicMs() - this.#sinceMs
    const tenure = this.#tenure
    if (tenure === undefined) return { state: this.#isStanding ? 'standing-by' : 'absent', forMs, live: true }
    const { duty, jeopardyForMs } = tenure
    if (duty.stuckForMs > 0) return { state: 'stuck', forMs: duty.stuckForMs, live: false }
    if (jeopardyForMs !== undefined) return { state: 'jeopardy', forMs: jeopardyForMs, live: true }
    return { state: 'leading', forMs, live: true }
  }

  on<Name extends keyof ElectionEvents>(name: Name, listener: (event: ElectionEvents[Name]) => void): () => void {
    return this.#events.on(name, listener)
  }

  #stand(): void {
    const name = this.#shape.name
    if (this.#isStanding) throw new Misuse(`"${name}": lead() or campaign() is at work already, once at a time`)
    this.#isStanding = true
    this.#sinceMs = this.#client.clock.monotonicMs()
    this.#notice.tell(this.#client, `"${name}"`)
  }

  #standDown(): void {
    this.#isStanding = false
    this.#sinceMs = this.#client.clock.monotonicMs()
  }

  /** One term of `lead`, up to the store's answer to its release. */
  async #serve<T>(
    lease: HeldLease,
    startedMs: number,
    work: (term: Term) => MaybePromise<T>,
    signal: AbortSignal | undefined,
  ): Promise<TermEnd<T>> {
    const tenure = this.#begin(lease, startedMs, this.#plan.stopWithinMs)
    const { duty } = tenure
    let because: StopReason | undefined
    const ask = (why: StopReason, reason: unknown): void => {
      because ??= why
      duty.ask(reason)
    }
    const onAbort = (): void => ask('asked', signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
    const released = Promise.withResolvers<ReleaseOutcome>()
    const term = new LineTerm(tenure, () => {
      ask('resigned', new LeaseLost(`the term of "${lease.name}" was resigned`, { resource: lease.name }))
      // A work that waited for its own end would never end.
      const isInside = this.#client.reentry.heldHere(lease.name) === lease
      return isInside ? Promise.resolve('unknown') : released.promise
    })
    const end = await duty.run(() => work(term))
    signal?.removeEventListener('abort', onAbort)
    if (lease.signal.aborted) because = this.#lossOf()
    else because ??= end !== undefined && 'threw' in end ? 'threw' : 'returned'
    released.resolve(await this.#end(tenure, because, end))
    return { because, end, released: await released.promise }
  }

  #begin(lease: HeldLease, startedMs: number, stopWithinMs: number): Tenure {
    const { name } = this.#shape
    const { token } = lease.ref
    const onStuck = (): void => this.#events.emit('stuck', { name, token, forMs: tenure.duty.stuckForMs })
    const tenure = new Tenure(this.#client, lease, { stopWithinMs, onStuck })
    this.#tenure = tenure
    this.#sinceMs = this.#client.clock.monotonicMs()
    this.#events.emit('elected', { name, token, waitedMs: this.#sinceMs - startedMs })
    return tenure
  }

  /** First the lead is over here, then it is told, and then the store hears of it. */
  async #end(tenure: Tenure, because: StopReason, end: WorkEnd<unknown> | undefined): Promise<ReleaseOutcome> {
    const { lease, heldMs: ledMs } = tenure
    tenure.end()
    this.#tenure = undefined
    this.#sinceMs = this.#client.clock.monotonicMs()
    const error = end !== undefined && 'threw' in end ? { error: end.threw } : {}
    this.#events.emit('stopped', { name: this.#shape.name, token: lease.ref.token, because, ledMs, ...error })
    return await lease.release()
  }

  #lossOf(): StopReason {
    return this.#client.isClosed ? 'closed' : 'lost'
  }

  #leaderOf({ claims }: LineView): Leader | null {
    const holder = claims.find(({ state }) => state === 'held')
    if (holder?.token === undefined) return null
    const { owner, note, token, endsInMs } = holder
    const isMe = token === this.#tenure?.lease.ref.token
    return { owner, announcement: note, token, isMe, ...(endsInMs === undefined ? {} : { endsInMs }) }
  }
}
