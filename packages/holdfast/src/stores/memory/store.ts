/**
 * A client of an engine in this process: the pure functions of `line/transition.ts`, applied in place. It is the
 * shortest store there is, and the model that the others are compared with.
 */
import type { Claim, Ref } from '../../store/claim.ts'
import { type Clock, stampOf } from '../../time/clock.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import { TTL_MS_MAX, TTL_MS_MIN } from '../../store/limits.ts'
import { viewOf } from '../../line/view.ts'
import { standingOf } from '../../line/standing.ts'
import type {
  Facts,
  Hint,
  LeaveOptions,
  LineView,
  Memo,
  Renewal,
  ResourcePage,
  Standing,
  Store,
  StoreAdmin,
  StoreEnvironment,
  Subject,
} from '../../store/store.ts'
import {
  enterLine,
  evictFromLine,
  isIdle,
  leaveLine,
  placeOf,
  renewInLine,
  situationOf,
  sweep,
} from '../../line/transition.ts'
import { MemoryEngine } from './engine.ts'

const facts: Facts = {
  engine: 'memory of this process',
  safetyClass: 'best-effort',
  reasons: [
    'It knows only the claims of its own process; another process has another engine.',
    'Everything is forgotten when the process ends.',
  ],
  clock: 'the monotonic clock of the process',
  expiry: 'engine',
  tokens: 'max(last + 1, wall clock in µs), in memory; they survive a restart as long as the clock goes forward',
  order: 'fifo',
  wakeUp: 'push',
  ttl: { per: 'claim', granularityMs: 1, minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX },
  lockRisks: ['the end of the process'],
  tokenRisks: ['a wall clock that is set back while no engine remembers the last token'],
  unsupported: {},
}

/** An engine for several clients of this process, as if each of them were connected to one server. */
export function memoryEngine(): MemoryEngine {
  return new MemoryEngine()
}

/** A store in memory. Without an engine it gets one of its own. */
export function memory(engine: MemoryEngine = memoryEngine()): Store {
  return new MemoryStore(engine)
}

let storesMade = 0

class MemoryStore implements Store {
  readonly admin: StoreAdmin
  readonly #engine: MemoryEngine
  /** The identity of this client in the lines. */
  readonly #channel: string
  readonly #watching = new Set<() => void>()
  #clock: Clock | undefined

  constructor(engine: MemoryEngine) {
    this.#engine = engine
    this.#channel = `memory-${(storesMade += 1)}`
    this.admin = {
      list: (prefix, cursor, limit) => this.#list(prefix, cursor, limit),
      evict: (resource, token, reason) => this.#evict(resource, token, reason),
    }
  }

  async open(environment: StoreEnvironment): Promise<Facts> {
    if (environment.signal.aborted) throw new StoreUnavailable('the opening of the memory store was aborted')
    this.#engine.useClock(environment.clock)
    this.#clock = environment.clock
    return facts
  }

  async close(): Promise<void> {
    this.#clock = undefined
    for (const end of this.#watching) end()
  }

  async enter(claim: Claim): Promise<Standing> {
    const clock = this.#opened()
    const askedAt = stampOf(clock)
    const place = this.#engine.step(claim.resource, claim.id, (line, now) => enterLine(line, claim, this.#channel, now))
    return standingOf(place, askedAt)
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly Standing[]> {
    const askedAt = stampOf(this.#opened())
    return renewals.map(({ ref, ttlMs, note }) =>
      standingOf(
        this.#engine.step(ref.resource, ref.id, (line, now) => renewInLine(line, ref, ttlMs, note, now)),
        askedAt,
      ),
    )
  }

  async look(resource: string): Promise<LineView> {
    this.#opened()
    const memo = String(this.#engine.version(resource))
    return viewOf(resource, this.#engine.line(resource), this.#engine.now(), memo)
  }

  async leave(ref: Ref, options: LeaveOptions = {}): Promise<'left' | 'gone'> {
    this.#opened()
    return this.#engine.step(ref.resource, ref.id, (line, now) => leaveLine(line, ref, options.keepMs ?? 0, now))
  }

  async watch(subject: Subject, memo: Memo, signal: AbortSignal): Promise<Standing | Hint> {
    const clock = this.#opened()
    const newsNow = 'id' in subject ? () => this.#news(subject, memo, clock) : () => this.#hint(subject, memo)
    const news = newsNow()
    if (news !== undefined) return news
    if (signal.aborted) return { kind: 'hint', memo }
    return new Promise((resolve) => {
      const finish = (answer: Standing | Hint): void => {
        unwatch()
        this.#watching.delete(end)
        signal.removeEventListener('abort', end)
        resolve(answer)
      }
      const end = (): void => finish({ kind: 'hint', memo })
      const unwatch = this.#engine.watch(subject.resource, 'id' in subject ? subject.id : undefined, () => {
        const answer = newsNow()
        if (answer !== undefined) finish(answer)
      })
      this.#watching.add(end)
      signal.addEventListener('abort', end)
    })
  }

  /** The claim's standing when it is not the one of the memo. */
  #news(ref: Ref, memo: Memo, clock: Clock): Standing | undefined {
    // The stamp comes first: a life that counts from it never ends after the engine's own.
    const askedAt = stampOf(clock)
    const place = placeOf(this.#engine.line(ref.resource), ref.id, this.#engine.now(), ref.token)
    return situationOf(place) === memo ? undefined : standingOf(place, askedAt)
  }

  #hint(subject: Subject, memo: Memo): Hint | undefined {
    const version = String(this.#engine.version(subject.resource))
    return version === memo ? undefined : { kind: 'hint', memo: version }
  }

  async #list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    this.#opened()
    const now = this.#engine.now()
    const found: string[] = []
    for (const resource of this.#engine.resources()) {
      if (!resource.startsWith(prefix) || (cursor !== undefined && resource <= cursor)) continue
      if (!isIdle(sweep(this.#engine.line(resource), now))) found.push(resource)
    }
    const resources = found.sort().slice(0, limit)
    const last = resources.at(-1)
    return found.length > limit && last !== undefined ? { resources, cursor: last } : { resources }
  }

  async #evict(resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'> {
    this.#opened()
    return this.#engine.step(resource, undefined, (line, now) => evictFromLine(line, token, reason, now))
  }

  #opened(): Clock {
    if (this.#clock === undefined) {
      throw new StoreUnavailable('the memory store is not open: open() was not called, or close() was')
    }
    return this.#clock
  }
}
