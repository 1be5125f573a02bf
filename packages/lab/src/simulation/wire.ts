/**
 * Between the library and the engine: stamps requests when they leave, as real stores do, writes down what the judge
 * needs to know about claims, and lets answers through only while the process runs.
 */
import type {
  Claim,
  Clock,
  Facts,
  Hint,
  LeaveOptions,
  LineView,
  Memo,
  Ref,
  Renewal,
  RenewAnswer,
  Standing,
  Store,
  StoreAdmin,
  StoreEnvironment,
  Subject,
} from 'holdfast'
import type { HistoryWriter } from './history-writer.ts'
import type { Process } from './process.ts'

/** A grant that was pushed to a claim and not heard of ends after this long, or after its ttl; then the next ask stands in line anew. */
const PUSHED_LIFE_MS = 3_000

/** Claim ids are random on purpose; a history that must repeat numbers them. */
export class ClaimNumbers {
  readonly #details = new Map<string, { readonly id: string; readonly keptMs: number }>()

  /** What the judge is told of a claim. */
  of(id: string, ttlMs: number = PUSHED_LIFE_MS): { readonly id: string; readonly keptMs: number } {
    const known = this.#details.get(id)
    if (known !== undefined) return known
    const detail = { id: `claim-${this.#details.size + 1}`, keptMs: Math.min(ttlMs, PUSHED_LIFE_MS) }
    this.#details.set(id, detail)
    return detail
  }
}

export interface WireOptions {
  readonly process: Process
  readonly chronicle: HistoryWriter
  readonly numbers: ClaimNumbers
  /** The time of the network: what is under way goes on while the process is paused. */
  readonly network: Clock
}

export class Wire implements Store {
  readonly admin: StoreAdmin
  readonly #store: Store
  readonly #options: WireOptions

  constructor(store: Store, options: WireOptions) {
    this.#store = store
    this.#options = options
    const { process } = options
    this.admin = {
      list: (prefix, cursor, limit) => process.receive(store.admin.list(prefix, cursor, limit)),
      evict: (resource, token, reason) => process.receive(store.admin.evict(resource, token, reason)),
    }
  }

  open({ signal }: StoreEnvironment): Promise<Facts> {
    return this.#options.process.receive(this.#store.open({ clock: this.#options.network, signal }))
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  async enter(claim: Claim): Promise<Standing> {
    const { process, chronicle, numbers } = this.#options
    const askedAt = { monotonicMs: process.monotonicMs(), wallMs: process.wallMs() }
    const input = numbers.of(claim.id, claim.ttlMs)
    const ending = chronicle.call(process.name, 'enqueue', lockOf(claim.resource), input)
    try {
      const standing = await process.receive(this.#store.enter(claim))
      ending.ok(standingDetail(standing))
      return standing.kind === 'held' ? { ...standing, askedAt } : standing
    } catch (error) {
      ending.info()
      throw error
    }
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    const { process, chronicle, numbers } = this.#options
    const askedAt = { monotonicMs: process.monotonicMs(), wallMs: process.wallMs() }
    const endings = renewals.map(({ ref }) => {
      const lock = lockOf(ref.resource)
      // A waiter that is renewed asks for its place, and may be told that it holds.
      return ref.token === undefined
        ? chronicle.call(process.name, 'enqueue', lock, numbers.of(ref.id))
        : chronicle.call(process.name, 'renew', lock, { token: String(ref.token) })
    })
    try {
      const answers = await process.receive(this.#store.renew(renewals))
      return answers.map((answer, index) => {
        const ending = endings[index]
        if (answer instanceof Error) ending?.info()
        else if (renewals[index]?.ref.token === undefined || answer.kind === 'held') ending?.ok(standingDetail(answer))
        else ending?.fail('GONE')
        return !(answer instanceof Error) && answer.kind === 'held' ? { ...answer, askedAt } : answer
      })
    } catch (error) {
      for (const ending of endings) ending.info()
      throw error
    }
  }

  async watch(subject: Subject, memo: Memo, signal: AbortSignal): Promise<Standing | Hint> {
    const { process, chronicle, numbers } = this.#options
    const news = await process.receive(this.#store.watch(subject, memo, signal))
    if (news.kind === 'held' && 'id' in subject) {
      chronicle.call(process.name, 'enqueue', lockOf(subject.resource), numbers.of(subject.id)).ok(standingDetail(news))
    }
    return news
  }

  look(resource: string): Promise<LineView> {
    return this.#options.process.receive(this.#store.look(resource))
  }

  leave(ref: Ref, options?: LeaveOptions): Promise<'left' | 'gone'> {
    const { process, chronicle, numbers } = this.#options
    // From here on the place is given up, whatever an ask that was overtaken by this still gets.
    chronicle.moment(process.name, 'left', lockOf(ref.resource), numbers.of(ref.id))
    return process.receive(this.#store.leave(ref, options))
  }
}

/** Next to the engine: the client's own clock again, for stamps of pushed grants. */
export function withClock(store: Store, clock: Clock): Store {
  return {
    open: ({ signal }) => store.open({ clock, signal }),
    close: () => store.close(),
    enter: (claim) => store.enter(claim),
    renew: (renewals) => store.renew(renewals),
    watch: (subject, memo, signal) => store.watch(subject, memo, signal),
    look: (resource) => store.look(resource),
    leave: (ref, options) => store.leave(ref, options),
    admin: store.admin,
  }
}

/** The simulation uses plain names in one namespace, so the encoding changes nothing. */
export function lockOf(resource: string): string {
  return resource.slice(resource.indexOf('!') + 1)
}

function standingDetail(standing: Standing): Record<string, string> {
  if (standing.kind === 'held') return { standing: 'held', token: String(standing.token) }
  return { standing: standing.kind }
}
