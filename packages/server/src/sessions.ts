/** The sessions of this process, by the id that each program made; one that is not known is over. */
import { LeaseLost } from 'holdfast'
import type { Loans } from './loans.ts'
import { Refusal } from './refusal.ts'
import { Session } from './session.ts'

const SESSIONS_MAX = 1_000
/** Ids that are over: an old request that arrives late must not begin a session again. */
const OVER_MAX = 20_000

export class Sessions {
  readonly #loans: Loans
  readonly #sessions = new Map<string, Session>()
  readonly #over = new Set<string>()

  constructor(loans: Loans) {
    this.#loans = loans
  }

  /** Idempotent: asked again with the same id, it is the same session, with the life that it began with. */
  open(id: string, lifeMs: number): Session {
    const known = this.#sessions.get(id)
    if (known !== undefined) return known
    if (this.#over.has(id)) throw over('it ended')
    if (this.#loans.isDraining) throw new Refusal('DRAINING', 'this server is about to end: ask another one, or again')
    if (this.#sessions.size >= SESSIONS_MAX)
      throw new Refusal('LIMITED', `this server has ${SESSIONS_MAX} sessions already`)
    const session = new Session(id, lifeMs, (loans) => {
      this.#forget(id)
      for (const loan of loans) this.#loans.giveBack(loan, 'its session sent no beat in time')
    })
    this.#sessions.set(id, session)
    return session
  }

  /** Throws `LeaseLost` when it is over, or was never of this process. */
  of(id: string): Session {
    const session = this.#sessions.get(id)
    if (session === undefined) {
      throw over(this.#over.has(id) ? 'it ended' : 'it is not known here: it ended, or is of another process')
    }
    return session
  }

  /** Gives back all that it holds. Idempotent; an id that never arrived is over from now on. Returns whether there was one. */
  async end(id: string): Promise<boolean> {
    const session = this.#sessions.get(id)
    this.#forget(id)
    if (session === undefined) return false
    const loans = session.release()
    await Promise.all(loans.map((loan) => this.#loans.release(loan.id, loan.lease.name)))
    return true
  }

  #forget(id: string): void {
    this.#sessions.delete(id)
    this.#over.add(id)
    const [oldest] = this.#over
    if (this.#over.size > OVER_MAX && oldest !== undefined) this.#over.delete(oldest)
  }
}

function over(why: string): LeaseLost {
  return new LeaseLost(`the session is over: ${why}. Begin one with a new id`)
}
