/** Every lease that is lent, and every wait for one, by the id that its program made: asked again, an id gets the same answer. */
import { LeaseLost, Misuse, type Lock, type Locks, type ReleaseOutcome } from 'holdfast'
import type { AcquireBody } from './messages.ts'
import { Loan, type LoanOptions } from './loan.ts'
import { Refusal } from './refusal.ts'
import type { Session } from './session.ts'

const LOANS_MAX = 10_000
/** Ids that are over: an old request that arrives late must not take the lock again. */
const OVER_MAX = 20_000

export interface LoanRequest {
  readonly name: string
  readonly body: AcquireBody
  /** What renews the lease, and ends it, instead of renewals of its own. */
  readonly session: Session | undefined
}

interface Pending {
  readonly name: string
  readonly controller: AbortController
  readonly granted: Promise<Loan>
  /** Requests that are open for it. */
  requests: number
}

export class Loans {
  readonly #locks: Locks
  readonly #lockDelays: boolean
  readonly #loans = new Map<string, Loan>()
  readonly #waits = new Map<string, Pending>()
  readonly #over = new Map<string, string>()
  readonly #draining = new AbortController()
  #onDrained: () => void = () => undefined

  /** `lockDelays`: the store can keep a lock for a while after the end of this process, which programs that still believe need. */
  constructor(locks: Locks, lockDelays: boolean) {
    this.#locks = locks
    this.#lockDelays = lockDelays
  }

  get isDraining(): boolean {
    return this.draining.aborted
  }

  /** Aborts when nothing is lent any more. */
  get draining(): AbortSignal {
    return this.#draining.signal
  }

  /** Joins the wait of the same id, or tells the grant again. The wait ends when the last of its requests is given up. */
  async acquire({ name, body, session }: LoanRequest, gone: AbortSignal, receivedMs: number): Promise<Loan> {
    const { id } = body
    const over = this.#over.get(id)
    if (over !== undefined) throw new LeaseLost(`this id is over: ${over}. Ask with a new one`, { resource: name })
    const loan = this.#loans.get(id)
    if (loan !== undefined) return this.#told(loan, name, receivedMs)
    if (this.isDraining) throw new Refusal('DRAINING', 'this server is about to end: ask another one, or again')
    const pending = this.#waits.get(id) ?? this.#begin({ name, body, session })
    if (pending.name !== name) throw otherName(pending.name)
    pending.requests += 1
    const leave = (): void => {
      pending.requests -= 1
      if (pending.requests === 0) pending.controller.abort(new Refusal('LIMITED', 'the program went away'))
    }
    gone.addEventListener('abort', leave, { once: true })
    try {
      return await pending.granted
    } finally {
      gone.removeEventListener('abort', leave)
    }
  }

  /** Throws `LeaseLost` when the lease is over, or was never lent by this process. */
  renew(id: string, name: string, token: string, receivedMs: number): Loan {
    const loan = this.#loans.get(id)
    if (loan === undefined || loan.lease.tokenText !== token) {
      const why = this.#over.get(id) ?? 'it is not known here: it ended, or another process granted it'
      throw new LeaseLost(`the lease is over: ${why}`, { resource: name })
    }
    return this.#told(loan, name, receivedMs)
  }

  /** Idempotent; an id that never arrived is over from now on. */
  async release(id: string, name: string): Promise<ReleaseOutcome> {
    const loan = this.#loans.get(id)
    if (loan !== undefined) {
      if (loan.lease.name !== name) throw otherName(loan.lease.name)
      loan.session?.remove(loan, undefined)
      this.#forget(loan, 'it was released')
      return await loan.lease.release()
    }
    const pending = this.#waits.get(id)
    if (pending !== undefined && pending.name !== name) throw otherName(pending.name)
    this.#remember(id, 'it was released')
    pending?.controller.abort(new LeaseLost('released while it waited', { resource: name }))
    return pending === undefined ? 'expired' : 'released'
  }

  /** Ends a loan whose program was silent for too long, and knows it by its own clock. */
  giveBack(loan: Loan, why: string): void {
    this.#forget(loan, why)
    void loan.lease.release()
  }

  /**
   * From here on nothing is lent or prolonged. Resolves when every program has given back or knows that its time is over,
   * with the number of those that may believe longer than `limitMs`: their leases must not be given back for them.
   */
  async drain(limitMs: number): Promise<number> {
    this.#draining.abort()
    for (const { controller } of this.#waits.values()) {
      controller.abort(new Refusal('DRAINING', 'this server is about to end: ask another one, or again'))
    }
    if (this.#loans.size > 0) {
      const alarm = Promise.withResolvers<void>()
      this.#onDrained = alarm.resolve
      const timer = setTimeout(alarm.resolve, limitMs)
      await alarm.promise
      clearTimeout(timer)
    }
    for (const loan of this.#loans.values()) loan.end()
    return this.#loans.size
  }

  #told(loan: Loan, name: string, receivedMs: number): Loan {
    if (loan.lease.name !== name) throw otherName(loan.lease.name)
    loan.lease.assertHeld()
    if (!this.isDraining) loan.prolong(receivedMs)
    return loan
  }

  #begin(request: LoanRequest): Pending {
    const { name, body, session } = request
    session?.checkRoom()
    if (this.#loans.size + this.#waits.size >= LOANS_MAX) {
      throw new Refusal('LIMITED', `this server lends at most ${LOANS_MAX} leases at a time, waits included`)
    }
    const controller = new AbortController()
    const granted = this.#granted(request, controller.signal)
    const pending: Pending = { name, controller, granted, requests: 0 }
    this.#waits.set(body.id, pending)
    granted.catch(() => undefined).finally(() => this.#waits.delete(body.id))
    return pending
  }

  async #granted({ name, body, session }: LoanRequest, signal: AbortSignal): Promise<Loan> {
    const { id, waitMs, note } = body
    const ttlMs = session?.lifeMs ?? body.ttlMs
    const lockDelay = this.#lockDelays ? ttlMs : 0
    const options = { ttl: ttlMs, wait: waitMs, note, lockDelay, signal, detached: true }
    const lease = await lockOf(this.#locks, name, body).acquire(
      body.mode === 'permit' ? { ...options, take: body.permits ?? 1 } : options,
    )
    // The grant and the end of the last request may meet: no program is told of this one.
    if (signal.aborted) {
      await lease.release()
      throw signal.reason
    }
    return this.#lent({ id, lease, ttlMs, session })
  }

  #lent(options: LoanOptions): Loan {
    const { lease, session } = options
    const loan: Loan = new Loan(options, () => this.giveBack(loan, 'its program did not renew it in time'))
    try {
      session?.add(loan)
    } catch (error) {
      this.giveBack(loan, 'its session has no place for it')
      throw error
    }
    this.#loans.set(loan.id, loan)
    lease.signal.addEventListener('abort', () => {
      const reason: unknown = lease.signal.reason
      this.#forget(loan, reason instanceof Error ? reason.message : 'it was lost')
    })
    return loan
  }

  #forget(loan: Loan, why: string): void {
    loan.end()
    loan.session?.remove(loan, why)
    if (this.#loans.delete(loan.id)) this.#remember(loan.id, why)
    if (this.#loans.size === 0) this.#onDrained()
  }

  #remember(id: string, why: string): void {
    this.#over.set(id, why)
    const [oldest] = this.#over.keys()
    if (this.#over.size > OVER_MAX && oldest !== undefined) this.#over.delete(oldest)
  }
}

function lockOf(locks: Locks, name: string, { mode, readersToo, permits, of }: AcquireBody): Lock<object> {
  if ((permits !== undefined || of !== undefined) !== (mode === 'permit')) {
    throw new Misuse('permits and of belong to mode "permit", which needs of: how many permits there are in all')
  }
  if (mode === 'shared') return locks.readWrite(name).read
  if (mode === 'permit') return locks.semaphore(name, { permits: of ?? 0 })
  if (readersToo) return locks.readWrite(name).write
  return {
    tryAcquire: (options) => locks.tryAcquire(name, options),
    acquire: (options) => locks.acquire(name, options),
    using: () => Promise.reject(new Misuse('a server only lends')),
  }
}

function otherName(name: string): Misuse {
  return new Misuse(`this id belongs to another lock, "${name}": make a new id for each lock`)
}
