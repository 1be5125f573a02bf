/** A whole store over an engine with sessions: who holds, what to wait for, and what of it is answered from memory. */
import type { Claim, Ref } from '../../store/claim.ts'
import { HoldfastError, NotApplied, OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Facts } from '../../store/facts.ts'
import type { LineView, ResourcePage } from '../../store/line-view.ts'
import { QUEUE_LENGTH_MAX } from '../../store/limits.ts'
import type { Gone, Hint, RenewAnswer, Standing } from '../../store/standing.ts'
import type { LeaveOptions, OpenStore, Renewal, TokenScaleView } from '../../store/store.ts'
import type { Clock } from '../../time/clock.ts'
import type { EngineSession, LineAhead, OwnPlace, SessionEngine } from './engine.ts'
import { EvictionWatches } from './eviction-watches.ts'
import { type SessionClaim, SessionClaims, nameOf } from './session-claims.ts'
import { blockersOf, firstEndMs, judged, refusalOf } from './rule.ts'
import { SessionPool } from './session-pool.ts'
import { viewOfKeys } from './view.ts'

const HINT: Hint = { kind: 'hint' }
/** A waiter that is watched for looks so often all the same: a watch may have died without a word. */
const LOOK_EVERY_MS = 10_000
const GONE: Gone = { kind: 'gone' }

/** A store over sessions, whose engine is open. */
export class SessionStore<Session extends EngineSession> implements OpenStore {
  /** Only where the engine can. */
  readonly rebase?: (to?: bigint) => Promise<TokenScaleView>
  readonly #engine: SessionEngine<Session>
  readonly #clock: Clock
  readonly #sessions: SessionPool<Session>
  readonly #evictions: EvictionWatches<Session>
  readonly #claims = new SessionClaims<Session>()
  readonly #closing = new AbortController()

  constructor(engine: SessionEngine<Session>, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
    this.#sessions = new SessionPool(engine, clock)
    this.#evictions = new EvictionWatches(engine)
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

  /** The session of a claim that holds with this token, and its place: for what only one engine has. */
  holderOf(resource: string, token: bigint): { readonly session: Session; readonly own: OwnPlace } | undefined {
    const { session, own } = this.#claims.holderOf(resource, token) ?? {}
    return session === undefined || own === undefined || this.#sessions.isOver(session) ? undefined : { session, own }
  }

  async enter(claim: Claim): Promise<Standing> {
    this.#assertOpen()
    if (this.#claims.hasLeft(claim)) return GONE
    const known = this.#claims.get(claim)
    if (known?.entering !== undefined) return await known.entering
    const session = known?.session ?? (await this.#sessions.sessionFor(claim.ttlMs, claim.lockDelayMs))
    this.#assertOpen()
    const local = this.#claims.add(claim, session)
    local.entering ??= this.#enter(local).finally(() => (local.entering = undefined))
    return await local.entering
  }

  async renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]> {
    this.#assertOpen()
    const sessions = new Set(renewals.flatMap(({ ref }) => this.#claims.get(ref)?.session ?? []))
    const beats = new Map([...sessions].map((session) => [session, this.#sessions.beat(session)]))
    await Promise.allSettled(beats.values())
    return await Promise.all(renewals.map((renewal) => this.#renewed(renewal, beats).catch(asAnswer)))
  }

  async leave(ref: Ref, { keepMs = 0, outcomeUnknown = false }: LeaveOptions = {}): Promise<'left' | 'gone'> {
    this.#assertOpen()
    const local = this.#claims.get(ref)
    if (outcomeUnknown) this.#claims.leave(ref)
    if (local?.own !== undefined && ref.token !== undefined && ref.token !== local.own.token) return 'gone'
    const isOver = local?.standing !== undefined && this.#sessions.isOver(local.session)
    // Past its belief a claim lasts as long as its session: a late leave must not cut the lock-delay short.
    if (isOver && (local.session.delayMs > 0 || local.session.isDead)) {
      this.#claims.delete(ref)
      return 'gone'
    }
    const isBarred = outcomeUnknown && local !== undefined && (local.isUnsure || local.entering !== undefined)
    const own = local?.own ?? (await this.#found(ref, isBarred))
    const isThere = own !== undefined || isBarred
    const wasRemoved = isThere && (await this.#engine.remove(local?.session, ref, own, { keepMs, isBarred }))
    // Why it was gone is asked for now, as long as it is known whose marks to read.
    if (own !== undefined && local !== undefined && !wasRemoved && !isOver) await this.#goneBy(local)
    this.#claims.delete(ref)
    return wasRemoved && !isOver ? 'left' : 'gone'
  }

  async watch(ref: Ref, signal: AbortSignal): Promise<Standing | Hint> {
    this.#assertOpen()
    const local = this.#claims.get(ref)
    const { standing, session, blockers } = local ?? {}
    if (local === undefined || standing === undefined || session === undefined) return HINT
    return await this.#until<Standing | Hint>(HINT, signal, (resolve) => {
      if (standing.kind === 'held') {
        return this.#evictions.listen(session, ref, (reason) => resolve(this.#gone(local, reason)))
      }
      if (blockers === undefined) return () => undefined
      local.isWatched = true
      const stop = this.#engine.watchGone(session, ref.resource, blockers, (change) => {
        local.isWatched = false
        local.isFresh = change === 'changed'
        resolve(HINT)
      })
      return () => {
        local.isWatched = false
        stop()
      }
    })
  }

  async observe(resource: string, seen: string, signal: AbortSignal): Promise<string> {
    this.#assertOpen()
    return await this.#until(seen, signal, (resolve) => this.#engine.watchLine(resource, seen, resolve))
  }

  async look(resource: string): Promise<LineView> {
    this.#assertOpen()
    const { entries, version } = await this.#engine.line(resource)
    return viewOfKeys(resource, entries, version)
  }

  async list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage> {
    this.#assertOpen()
    return await this.#engine.list(prefix, cursor, limit)
  }

  async evict(resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'> {
    this.#assertOpen()
    const { entries } = await this.#engine.line(resource)
    const entry = judged(entries, 0).find((each) => each.token === token)
    if (entry === undefined || !entry.holds || entry.isLingering) return 'gone'
    if (await this.#engine.evict(resource, entry, reason)) return 'evicted'
    throw new NotApplied('the claim changed between the look and the eviction')
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    await this.#sessions.close(this.#claims.usedSessions())
    await this.#engine.close()
  }

  async #enter(local: SessionClaim<Session>): Promise<Standing> {
    const { session, claim } = local
    await this.#sessions.freshen(session)
    if (this.#sessions.isOver(session)) return this.#gone(local)
    if (local.own === undefined && local.isUnsure) {
      local.own = await this.#engine.find(claim.resource, claim.id)
      local.isUnsure = false
    }
    return local.own === undefined ? await this.#put(local) : await this.#again(local, local.own)
  }

  async #put(local: SessionClaim<Session>): Promise<Standing> {
    const { session, claim } = local
    try {
      const answer = await this.#engine.put(session, claim)
      if (answer.kind === 'barred') return this.#gone(local)
      if (answer.kind === 'refused') {
        this.#claims.delete(claim)
        const refusal = refusalOf(answer.line, claim)
        if (refusal === undefined) throw new NotApplied('the line changed while the claim entered')
        return refusal
      }
      local.own = answer.own
      return answer.kind === 'found'
        ? await this.#again(local, answer.own)
        : await this.#placed(local, answer.own, answer.ahead)
    } catch (error) {
      if (local.own === undefined && error instanceof OutcomeUnknown) local.isUnsure = true
      else if (local.own === undefined && !local.isUnsure) this.#claims.delete(claim)
      throw error
    }
  }

  /** By what is known it is in line: is it still there, and does it hold by now? A waiter whose session ended is never granted. */
  async #again(local: SessionClaim<Session>, own: OwnPlace): Promise<Standing> {
    const { isFresh } = local
    local.isFresh = false
    const ahead = await this.#engine.ahead(local.session, local.claim, own, isFresh)
    if (ahead?.entries.at(-1)?.isLingering === false) return await this.#placed(local, own, ahead)
    return await this.#goneBy(local)
  }

  async #goneBy(local: SessionClaim<Session>): Promise<Gone> {
    const marks = await this.#engine.beat(local.session, false)
    return this.#gone(local, marks.get(nameOf(local.claim)))
  }

  async #placed(local: SessionClaim<Session>, own: OwnPlace, { entries, unread }: LineAhead): Promise<Standing> {
    const { session, claim } = local
    const line = judged(entries, unread)
    const [before, last] = [line.slice(0, -1), line.at(-1)]
    if (last === undefined || last.isLingering || this.#sessions.isOver(session)) return this.#gone(local)
    const isFull = before.length + unread > QUEUE_LENGTH_MAX
    const refusal = isFull ? ({ kind: 'refused', because: 'full' } as const) : refusalOf(before, claim, unread)
    if (refusal !== undefined || this.#claims.hasLeft(claim)) {
      await this.#engine.remove(session, claim, own, { keepMs: 0, isBarred: false })
      if (refusal === undefined) return this.#gone(local)
      this.#claims.delete(claim)
      return refusal
    }
    const { askedAt, ttlMs: lifeMs } = session
    if (last.holds) {
      local.blockers = undefined
      return (local.standing = { kind: 'held', token: own.token, askedAt, lifeMs, provisional: false })
    }
    local.blockers = blockersOf(before, claim)
    local.lookedAtMs = this.#clock.monotonicMs()
    const endsInMs = firstEndMs(before)
    const waiting = before.filter(({ holds, isLingering }) => !holds && !isLingering).length
    const queued = { kind: 'queued', ahead: waiting + Math.max(0, unread - 1), lifeMs } as const
    return (local.standing = endsInMs === undefined ? queued : { ...queued, recheckInMs: endsInMs })
  }

  async #renewed(
    { ref, note }: Renewal,
    beats: ReadonlyMap<Session, Promise<ReadonlyMap<string, string>>>,
  ): Promise<RenewAnswer> {
    const local = this.#claims.get(ref)
    if (local?.own === undefined || local.standing === undefined) {
      const told = this.#claims.reasonOf(ref)
      return told === undefined ? GONE : { kind: 'gone', reason: told }
    }
    if (ref.token !== undefined && ref.token !== local.own.token) return GONE
    const { session, standing, own } = local
    const reason = (await beats.get(session))?.get(nameOf(ref))
    if (reason !== undefined || this.#sessions.isOver(session)) return this.#gone(local, reason)
    if (note !== undefined && !(await this.#engine.note(session, own, note))) return this.#gone(local)
    if (standing.kind === 'queued') {
      const isKnown = local.isWatched && this.#clock.monotonicMs() - local.lookedAtMs < LOOK_EVERY_MS
      // Its turn may have come without a message.
      return isKnown ? { ...standing, lifeMs: session.ttlMs } : await this.#again(local, own)
    }
    return { ...standing, askedAt: session.askedAt, lifeMs: session.ttlMs }
  }

  /** The place of a claim that is not known here. */
  async #found({ resource, id, token }: Ref, isBarred: boolean): Promise<OwnPlace | undefined> {
    if (isBarred) return undefined
    const found = await this.#engine.find(resource, id)
    const isOther = found?.isLingering === true || (token !== undefined && found?.token !== token)
    return isOther ? undefined : found
  }

  #gone({ session, claim }: SessionClaim<Session>, reason?: string): Gone {
    this.#claims.delete(claim)
    if (reason === undefined) return GONE
    this.#claims.evicted(claim, reason)
    this.#engine.unmark(session, [nameOf(claim)])
    return { kind: 'gone', reason }
  }

  /** What is told, or `otherwise` when the signal aborts or the store closes. */
  #until<News>(
    otherwise: News,
    signal: AbortSignal,
    begin: (resolve: (news: News) => void) => () => void,
  ): Promise<News> {
    const ends = AbortSignal.any([signal, this.#closing.signal])
    if (ends.aborted) return Promise.resolve(otherwise)
    return new Promise((resolve) => {
      const settle = (news: News): void => {
        ends.removeEventListener('abort', abort)
        stop()
        resolve(news)
      }
      const abort = (): void => settle(otherwise)
      let stop = (): void => undefined
      ends.addEventListener('abort', abort)
      stop = begin(settle)
    })
  }

  #assertOpen(): void {
    if (this.#closing.signal.aborted) throw new StoreUnavailable('this store was closed')
  }
}

/** The failure of one renewal is its own answer. */
function asAnswer(error: unknown): RenewAnswer {
  const isTyped = error instanceof NotApplied || error instanceof OutcomeUnknown || error instanceof StoreUnavailable
  if (isTyped && error instanceof HoldfastError) return error
  throw error
}
