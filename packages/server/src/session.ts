/**
 * One heartbeat for all leases of a program that cannot renew each in time. The server ends them all when no beat came for
 * the life of the session, and by its own clock the program knows that before.
 */
import { LeaseLost } from 'holdfast'
import { beliefMs, type Loan } from './loan.ts'
import { Refusal } from './refusal.ts'

export interface SessionLease {
  readonly name: string
  readonly token: string
  readonly state: 'held' | 'lost'
  /** As of a renewal: counted from before the beat was sent. */
  readonly believeMs: number
  readonly reason?: string
}

export const LEASES_PER_SESSION_MAX = 100

export class Session {
  readonly id: string
  readonly lifeMs: number
  readonly #loans = new Set<Loan>()
  readonly #lost: SessionLease[] = []
  #endsAtMs: number
  #timer: NodeJS.Timeout
  #isOver = false

  /** `onSilence` is called when no beat came in time, with what must be given back. */
  constructor(id: string, lifeMs: number, onSilence: (loans: readonly Loan[]) => void) {
    this.id = id
    this.lifeMs = lifeMs
    this.#endsAtMs = performance.now() + lifeMs
    const look = (): void => {
      const leftMs = this.#endsAtMs - performance.now()
      if (leftMs > 0) this.#timer = setTimeout(look, Math.ceil(leftMs)).unref()
      else onSilence(this.release())
    }
    // What is held ends by timers of its own, so that the end of the server need not wait for this one.
    this.#timer = setTimeout(look, lifeMs).unref()
  }

  /** No lease of it is told to be held for longer. */
  get endsAtMs(): number {
    return this.#endsAtMs
  }

  /** A sign of life that arrived at `receivedMs` prolongs everything. */
  prolong(receivedMs: number): void {
    this.#endsAtMs = Math.max(this.#endsAtMs, receivedMs + this.lifeMs)
    for (const loan of this.#loans) loan.prolong(receivedMs)
  }

  /** How long the program may believe in all that it holds, counted from before it sent what arrived at `receivedMs`. */
  believeMs(receivedMs: number): number {
    const own = beliefMs(this.#endsAtMs - receivedMs)
    return Math.min(own, ...[...this.#loans].map((loan) => loan.believeMs(receivedMs)))
  }

  leases(receivedMs: number): readonly SessionLease[] {
    const held = [...this.#loans].map((loan): SessionLease => {
      const { name, tokenText: token } = loan.lease
      return { name, token, state: 'held', believeMs: loan.believeMs(receivedMs) }
    })
    return [...held, ...this.#lost]
  }

  /** Throws when there are too many, so that one beat stays small. */
  checkRoom(): void {
    if (this.#loans.size < LEASES_PER_SESSION_MAX) return
    throw new Refusal('LIMITED', `a session has at most ${LEASES_PER_SESSION_MAX} leases`)
  }

  /** Throws `LeaseLost` when the session ended while the lease was waited for. */
  add(loan: Loan): void {
    this.checkRoom()
    if (this.#isOver)
      throw new LeaseLost('the session ended before the lock was granted', { resource: loan.lease.name })
    this.#loans.add(loan)
  }

  /** `why`: how the lease ended, told with the next beats; undefined when the program gave it back. */
  remove(loan: Loan, why: string | undefined): void {
    if (!this.#loans.delete(loan) || why === undefined) return
    const { name, tokenText: token } = loan.lease
    this.#lost.push({ name, token, state: 'lost', believeMs: 0, reason: why })
    this.#lost.splice(0, this.#lost.length - LEASES_PER_SESSION_MAX)
  }

  /** Ends it, and returns what it holds, which is to be given back. */
  release(): readonly Loan[] {
    this.#isOver = true
    clearTimeout(this.#timer)
    return [...this.#loans]
  }
}
