/** The guard for PostgreSQL: a table of marks in the same database as the data, raised in the same transaction. */
import { durationMs, type Duration } from '../../time/duration.ts'
import { MARK_WAIT_MS_DEFAULT, MARK_WAIT_MS_MAX } from '../../store/limits.ts'
import { admissions, type GuardOptions } from '../admission.ts'
import { FencedTransactions, fenceOver, type SqlFence } from '../sql/fence.ts'
import type { OwnTransactions, SqlTransactions } from '../sql/transactions.ts'
import { ownTransactionsOf, type PgGuardPool, type PostgresJsSql, type PostgresTransactionOf } from './client.ts'
import { fenceTable, PostgresMarks, tableName } from './marks.ts'

export interface PostgresTableOptions {
  /** The schema of the tables of guards. @default 'public' */
  readonly schema?: string
}

export interface PostgresFenceOptions extends GuardOptions, PostgresTableOptions {
  /** The table of marks, made at the first use where it is missing. @default 'holdfast_fence' */
  readonly table?: string
  /** How long to wait for another transaction that holds the mark. 1 ms – 1 h. @default '10s' */
  readonly wait?: Duration
}

const TABLE_DEFAULT = 'holdfast_fence'

/** The table of marks, for an owner that makes the tables. */
export function fenceTableSql(options: Pick<PostgresFenceOptions, 'schema' | 'table'> = {}): string {
  return fenceTable(marksTable(options))
}

export function marksTable({ table = TABLE_DEFAULT, schema }: Pick<PostgresFenceOptions, 'schema' | 'table'>): string {
  return tableName({ schema }, 'table', table)
}

/**
 * A guard over a `Pool` of `pg`, the `sql` of `postgres`, or a library that opens transactions; it is never closed here. Cheap:
 * nothing is sent yet, and the first use makes the table where it is missing. Throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * const guard = fence(pool)
 * await guard.enter(lease)
 * await guard.run(lease, (tx) => tx.query('UPDATE seat SET buyer = $1 WHERE id = $2', [buyer, seat]))
 * ```
 */
export function fence<Tx>(library: SqlTransactions<Tx>, options?: PostgresFenceOptions): SqlFence<Tx>
export function fence<Pool extends PgGuardPool | PostgresJsSql>(
  pool: Pool,
  options?: PostgresFenceOptions,
): SqlFence<PostgresTransactionOf<Pool>>
export function fence(source: unknown, options: PostgresFenceOptions = {}): SqlFence<never> {
  return fenceOver(fencedTransactions(source, options), admissions(options, 'postgres'))
}

/** What the guard and the ledger stand on. */
export function fencedTransactions(source: unknown, options: PostgresFenceOptions): FencedTransactions<never> {
  const { wait = MARK_WAIT_MS_DEFAULT } = options
  const own: OwnTransactions<never> = ownTransactionsOf(source)
  const waitMs = durationMs('wait', wait, { minMs: 1, maxMs: MARK_WAIT_MS_MAX })
  return new FencedTransactions(own, new PostgresMarks(marksTable(options), waitMs))
}
