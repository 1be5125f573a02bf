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

export class SessionPool<Session extends EngineSession> {
  readonly #engine: SessionEngine<Session>
  readonly #clock: Clock
  readonly #sessions = new Map<string, Promise<Session>>()

  constructor(engine: SessionEngine<Session>, clock: Clock) {
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
      const beginning = this.#sessions.get(name) ?? this.#begin(name, wholeMs, delayMs)
      const forget = (): void => {
        if (this.#sessions.get(name) === beginning) this.#sessions.delete(name)
      }
      try {
        const session = await beginning
        await this.freshen(session)
        if (!session.isDead) return session
        forget()
      } catch (error) {
        // Whether it lives will be known by the next one that asks; one that did not begin is begun anew.
        await beginning.catch(forget)
        throw error
      }
    }
    throw new NotApplied('the session ended while a claim entered')
  }

  /** The marks for its claims, and a sign of life where the last one is old; none of a session that is over. */
  async beat(session: Session): Promise<ReadonlyMap<string, string>> {
    if (this.isOver(session)) {
      await this.#giveUp(session)
      return new Map()
    }
    return await this.#engine.beat(session, this.#needsSign(session))
  }

  async freshen(session: Session): Promise<void> {
    if (this.isOver(session)) await this.#giveUp(session)
    else if (this.#needsSign(session)) await this.#engine.beat(session, true)
  }

  /** Nothing in it may be believed any more. */
  isOver(session: Session): boolean {
    return session.isDead || this.#ageMs(session) > session.ttlMs
  }

  /** Sessions without claims end at once. In the others work may go on: those end with their time. */
  async close(used: ReadonlySet<Session>): Promise<void> {
    const begun = await Promise.allSettled(this.#sessions.values())
    this.#sessions.clear()
    for (const outcome of begun) {
      if (outcome.status === 'rejected' || outcome.value.isDead || used.has(outcome.value)) continue
      await this.#engine.end(outcome.value, true).catch(() => undefined)
    }
  }

  #begin(name: string, ttlMs: number, delayMs: number): Promise<Session> {
    if (this.#sessions.size >= SESSIONS_MAX) {
      throw new NotApplied(
        `claims of this store ask for more than ${SESSIONS_MAX} different ttls and lock-delays, each a session of its own: ask for fewer`,
        { isFinal: true },
      )
    }
    const beginning = this.#engine.begin(ttlMs, delayMs)
    this.#sessions.set(name, beginning)
    return beginning
  }

  async #giveUp(session: Session): Promise<void> {
    for (const [name, beginning] of this.#sessions) {
      if ((await beginning.catch(() => undefined)) === session) this.#sessions.delete(name)
    }
    if (!session.isDead) await this.#engine.end(session, session.delayMs === 0).catch(() => undefined)
  }

  #needsSign(session: Session): boolean {
    return this.#ageMs(session) > session.ttlMs * SHARED_SHARE
  }

  #ageMs(session: Session): number {
    return this.#clock.monotonicMs() - session.askedAt.monotonicMs
  }
}
