/** Transactions that a guard opens itself, over whatever the caller has: a pool, or a library that opens them for it. */
import type { SqlSend, SqlSession } from './session.ts'
import { senderOver } from './session.ts'

/**
 * What opens transactions: a `Knex`, a database of drizzle, a `DataSource` of TypeORM as they are, or a few words for any
 * other library. Its transaction must be one of its own and not nested in another.
 *
 * @example
 * ```ts
 * // kysely
 * const guard = fence<Transaction<Shop>>({
 *   transaction: (work) => db.transaction().execute(work),
 *   send: (tx, text) => sql.raw(text).execute(tx),
 * })
 * ```
 */
export interface SqlTransactions<Tx> {
  /** Begins, carries the work out, commits, and resolves with what the work returned; rolls back when the work rejects. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Runs one statement in such a transaction. @default what a `SqlSession` does */
  send?(tx: Tx, text: string): Promise<unknown>
}

/** `newest`: each statement sees what was committed before it. `snapshot`: all of them see the moment of the first. */
export type SqlIsolation = 'newest' | 'snapshot'

export interface OwnTransactions<Tx> {
  /** Whether `open` rejects when the database answers a COMMIT with a rollback. */
  readonly seesCommit: boolean
  /** One statement that commits by itself. */
  readonly alone: SqlSend
  open<T>(isolation: SqlIsolation, work: (tx: Tx, send: SqlSend) => Promise<T>): Promise<T>
}

/** `snapshot`: the first statement of a transaction that is to see one moment; none where that is how it is anyway. */
export function transactionsOf<Tx>(library: SqlTransactions<Tx>, snapshot: string | undefined): OwnTransactions<Tx> {
  const senderIn = (tx: Tx): SqlSend => {
    const { send } = library
    return senderOver(send === undefined ? (tx as SqlSession) : (text) => send(tx, text))
  }
  return {
    seesCommit: false,
    alone: (text) => library.transaction((tx) => senderIn(tx)(text)),
    open: (isolation, work) =>
      library.transaction(async (tx) => {
        const send = senderIn(tx)
        if (isolation === 'snapshot' && snapshot !== undefined) await send(snapshot)
        return await work(tx, send)
      }),
  }
}

export function isTransactions(value: unknown): value is SqlTransactions<unknown> {
  // A function too: an instance of knex is called with the name of a table.
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isObject && typeof Reflect.get(value, 'transaction') === 'function'
}
