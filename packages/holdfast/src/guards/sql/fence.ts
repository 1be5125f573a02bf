/** The guard of an SQL database with an asynchronous driver: what it does in which transaction, whatever the dialect is. */
import { OutcomeUnknown, StoreUnavailable } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import type { Admission } from '../admission.ts'
import type { OpenTransaction, RowFragments, SqlMarks } from './marks.ts'
import { endedInside, tableMissing } from './refusals.ts'
import type { SqlSend, SqlSession } from './session.ts'
import type { OwnTransactions } from './transactions.ts'

/**
 * Every method takes a lease or an accepted sequencer and rejects with `StaleToken` when the database has seen a newer token,
 * `LeaseLost` when the lease is known to be lost, `Unsupported` for a permit, `Misuse` for anything else that cannot
 * be fenced, `WaitTimeout` when another transaction held the mark for longer than `wait`. Errors of the driver pass through as they
 * are, but for a COMMIT without an answer: that is `OutcomeUnknown`.
 */
export interface SqlFence<Tx> {
  /**
   * Raises the mark, in a transaction of its own. Call it **before the first read** whose result a later transaction
   * writes back; without it a late write of the last holder slips in between. A shared lease checks and does not raise.
   */
  enter(lease: Fenced): Promise<void>
  /**
   * One transaction: the mark first, then the work, then the commit. A refused token or an error of the work leaves no trace.
   * The work must send everything over the transaction that it is given. That of a shared lease is a snapshot that holds up no writer.
   */
  run<T>(lease: Fenced, work: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * Passes the holder in a transaction that the caller has opened and will end, and keeps other holders out until its end. Make it
   * the **first statement**, and roll back when it rejects.
   */
  within(lease: Fenced, tx: SqlSession): Promise<void>
  /** Looks without raising, to spare useless work early. A check followed by a write in another transaction guards nothing. */
  check(lease: Fenced): Promise<void>
  /**
   * Fragments for a fence column in the row itself (`BIGINT NOT NULL DEFAULT 0`), without the table of marks. No row
   * changed means that the token is stale or that there is no such row. Entering is then an UPDATE that only sets the column.
   */
  row(lease: Fenced, options?: RowFragmentOptions): RowFragments
}

export interface RowFragmentOptions {
  /** @default 'fence' */
  readonly column?: string
}

/** Below the guard and the ledger. */
export class FencedTransactions<Tx> {
  readonly own: OwnTransactions<Tx>
  readonly marks: SqlMarks

  constructor(own: OwnTransactions<Tx>, marks: SqlMarks) {
    this.own = own
    this.marks = marks
  }

  async enter(admission: Admission): Promise<void> {
    const { own, marks } = this
    const pass = async (): Promise<void> =>
      marks.passesAlone
        ? await marks.pass(own.alone, admission)
        : await own.open('newest', (_, send) => marks.pass(send, admission))
    try {
      await pass()
    } catch (error) {
      if (!marks.isMissingTable(error)) throw error
      await marks.make(own.alone)
      await pass()
    }
  }

  /** Once more where the table of marks was missing: then the work had not begun. */
  async run<T>(admission: Admission, work: (tx: Tx, send: SqlSend) => Promise<T>): Promise<T> {
    const { own, marks } = this
    const first = new GuardedRun(own, marks)
    try {
      return await first.run(admission, work)
    } catch (error) {
      if (first.hasPassed || !marks.isMissingTable(error)) throw error
      await marks.make(own.alone)
      return await new GuardedRun(own, marks).run(admission, work)
    }
  }

  async passWithin(tx: SqlSession, admission: Admission): Promise<SqlSend> {
    try {
      return await this.marks.passWithin(tx, admission)
    } catch (error) {
      throw this.marks.isMissingTable(error) ? tableMissing(error) : error
    }
  }

  async compare(admission: Admission): Promise<void> {
    try {
      await this.marks.compare(this.own.alone, admission)
    } catch (error) {
      // Without a table nothing has entered.
      if (!this.marks.isMissingTable(error)) throw error
    }
  }
}

class GuardedRun<Tx> {
  readonly #own: OwnTransactions<Tx>
  readonly #marks: SqlMarks
  hasPassed = false
  /** Set when the work is done and nothing is left but the commit. */
  #open: OpenTransaction | undefined

  constructor(own: OwnTransactions<Tx>, marks: SqlMarks) {
    this.#own = own
    this.#marks = marks
  }

  async run<T>(admission: Admission, work: (tx: Tx, send: SqlSend) => Promise<T>): Promise<T> {
    const done: { result?: T } = {}
    try {
      await this.#own.open(admission.raises ? 'newest' : 'snapshot', async (tx, send) => {
        await this.#marks.pass(send, admission)
        await this.#marks.begun(tx, send, admission)
        this.hasPassed = true
        done.result = await this.#worked(tx, send, work)
        this.#open = await this.#marks.confirm(send, admission)
        if (this.#open === undefined) throw endedInside()
      })
    } catch (error) {
      if (this.#open === undefined || this.#marks.wasRefused(error)) throw error
      if (!(await this.#isCommitted(admission, error))) throw error
      return done.result as T
    }
    if (!this.#own.seesCommit && !(await this.#isCommitted(admission))) throw notCommitted(admission)
    return done.result as T
  }

  async #worked<T>(tx: Tx, send: SqlSend, work: (tx: Tx, send: SqlSend) => Promise<T>): Promise<T> {
    const ended = async (): Promise<void> => await this.#marks.ended(tx, send)
    let result: T
    try {
      result = await work(tx, send)
    } catch (error) {
      // What the work threw says more than a connection that is gone.
      await ended().catch(() => undefined)
      throw error
    }
    await ended()
    return result
  }

  /** Asked on another connection. Rejects where the database does not say. */
  async #isCommitted({ resource }: Admission, cause?: unknown): Promise<boolean> {
    const id = this.#open?.id
    // One that has written nothing has no id, and nothing to lose.
    if (id === undefined && cause === undefined) return true
    const fate = await this.#marks.fateOf(this.#own.alone, id ?? '').catch(() => 'unknown' as const)
    if (fate !== 'unknown') return fate === 'committed'
    throw new OutcomeUnknown(
      `${resource}: the answer to COMMIT was lost, so the work may have been written or not. Read what it left behind`,
      { cause },
    )
  }
}

/** A COMMIT of a transaction that had failed is answered with a rollback and without an error, and some libraries take that for a yes. */
function notCommitted({ resource }: Admission): StoreUnavailable {
  return new StoreUnavailable(
    `${resource}: the library says that it has committed, and the database that it has not. Nothing was written. Behind a pooler ` +
      'that shares connections, switch named statements off (prepare: false)',
    { isFinal: true },
  )
}

export function fenceOver<Tx>(
  transactions: FencedTransactions<Tx>,
  admit: (holder: Fenced) => Admission,
): SqlFence<Tx> {
  return {
    async enter(lease) {
      await transactions.enter(admit(lease))
    },
    run: async (lease, work) => await transactions.run(admit(lease), work),
    async within(lease, tx) {
      await transactions.passWithin(tx, admit(lease))
    },
    async check(lease) {
      await transactions.compare(admit(lease))
    },
    row: (lease, { column = 'fence' } = {}) => transactions.marks.fragments(admit(lease), column),
  }
}
