/**
 * The sessions of a store: one for each ttl and lock-delay that claims ask for, kept alive by whichever of them renews. One
 * whose holders have stopped believing is given up: if it lived on, its claims would stand in line forever.
 */
import { NotApplied } from '../../store/errors.ts'
import type { Clock } from '../../time/clock.ts'
import type { EngineSession, SessionEngine } from './engine.ts'

/** A sign of life serves everything that is asked within this share of the ttl. */
const SHARED_SHARE = 1 / 6
/** Each is a request every third of its ttl. */
const SESSIONS_MAX = 100

interface BegunSession<Session> {
  readonly beginning: Promise<Session>
  /** Once it has begun. */
  session: Session | undefined
}

/** What the sessions alone need of an engine. */
export type SessionLife<Session extends EngineSession> = Pick<
  SessionEngine<Session>,
  'facts' | 'begin' | 'beat' | 'end'
>

interface SignUnderWay {
  readonly sentMs: number
  readonly marks: Promise<ReadonlyMap<string, string>>
}

export class SessionPool<Session extends EngineSession> {
  readonly #engine: SessionLife<Session>
  readonly #clock: Clock
  readonly #begun = new Map<string, BegunSession<Session>>()
  /** The newest sign of life of each session that is under way: a renewal soon after waits for it and sends none. */
  readonly #signs = new Map<Session, SignUnderWay>()

  constructor(engine: SessionLife<Session>, clock: Clock) {
    this.#engine = engine
    this.#clock = clock
  }

  /** One that lives, and whose life is young enough for a new claim. */
  async sessionFor(ttlMs: number, delayMs: number): Promise<Session> {
    const { granularityMs, minMs } = this.#engine.facts.ttl
    const wholeMs = Math.max(minMs, Math.ceil(ttlMs / granularityMs) * granularityMs)
    const name = `${wholeMs} ${delayMs}`
    // The second round begins a session in the place of one that was over.
    for (let round = 0; round < 2; round += 1) {
      const begun = this.#begun.get(name) ?? this.#begin(name, wholeMs, delayMs)
      const session = await begun.beginning
      await this.freshen(session)
      if (!session.isDead) return session
      this.#forget(name, begun)
    }
    throw new NotApplied('the session ended while a claim entered')
  }

  /** The marks for its claims, and a sign of life where the last one is old; none of a session that is over. */
  async beat(session: Session): Promise<ReadonlyMap<string, string>> {
    if (this.isOver(session)) {
      await this.#giveUp(session)
      return new Map()
    }
    const sign = this.#signOf(session)
    if (sign === undefined) return await this.#beat(session)
    // Its marks may have been read before this was asked.
    const [marks] = await Promise.all([this.#engine.beat(session, false), sign])
    return marks
  }

  async freshen(session: Session): Promise<void> {
    if (this.isOver(session)) await this.#giveUp(session)
    else if (this.#needsSign(session)) await (this.#signOf(session) ?? this.#beat(session))
  }

  /** Nothing in it may be believed any more. */
  isOver(session: Session): boolean {
    return session.isDead || this.#ageMs(session) > session.ttlMs
  }

  /** Sessions without claims end at once. In the others work may go on: those end with their time. */
  async close(used: ReadonlySet<Session>): Promise<void> {
    const begun = [...this.#begun.values()].flatMap(({ session }) => session ?? [])
    this.#begun.clear()
    const unused = begun.filter((session) => !session.isDead && !used.has(session))
    await Promise.allSettled(unused.map((session) => this.#engine.end(session, true)))
  }

  #begin(name: string, ttlMs: number, delayMs: number): BegunSession<Session> {
    if (this.#begun.size >= SESSIONS_MAX) this.#forgetOver()
    if (this.#begun.size >= SESSIONS_MAX) {
      throw new NotApplied(
        `claims of this store ask for more than ${SESSIONS_MAX} different ttls and lock-delays, each a session of its own: ask for fewer`,
        { isFinal: true },
      )
    }
    const begun: BegunSession<Session> = { beginning: this.#engine.begin(ttlMs, delayMs), session: undefined }
    this.#begun.set(name, begun)
    begun.beginning.then(
      (session) => (begun.session = session),
      () => this.#forget(name, begun),
    )
    return begun
  }

  #forget(name: string, begun: BegunSession<Session>): void {
    if (this.#begun.get(name) === begun) this.#begun.delete(name)
  }

  #forgetOver(): void {
    for (const [name, { session }] of this.#begun) {
      if (session !== undefined && this.isOver(session)) this.#begun.delete(name)
    }
  }

  async #beat(session: Session): Promise<ReadonlyMap<string, string>> {
    if (!this.#needsSign(session)) return await this.#engine.beat(session, false)
    const sign = { sentMs: this.#clock.monotonicMs(), marks: this.#engine.beat(session, true) }
    this.#signs.set(session, sign)
    try {
      return await sign.marks
    } finally {
      if (this.#signs.get(session) === sign) this.#signs.delete(session)
    }
  }

  /** None that is old: it may be on its way to a member that answers no more, and another one is to be asked in time. */
  #signOf(session: Session): Promise<ReadonlyMap<string, string>> | undefined {
    const { sentMs, marks } = this.#signs.get(session) ?? { sentMs: -Infinity, marks: undefined }
    return this.#clock.monotonicMs() - sentMs <= session.ttlMs * SHARED_SHARE ? marks : undefined
  }

  async #giveUp(session: Session): Promise<void> {
    for (const [name, begun] of this.#begun) if (begun.session === session) this.#forget(name, begun)
    if (!session.isDead) await this.#engine.end(session, session.delayMs === 0).catch(() => undefined)
  }

  #needsSign(session: Session): boolean {
    return this.#ageMs(session) > session.ttlMs * SHARED_SHARE
  }

  #ageMs(session: Session): number {
    return this.#clock.monotonicMs() - session.askedAt.monotonicMs
  }
}
