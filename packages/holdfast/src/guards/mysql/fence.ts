/** The guard for MySQL and MariaDB: a table of marks in the same server as the data, raised in the same transaction. */
import { MARK_WAIT_MS_DEFAULT, MARK_WAIT_MS_MAX } from '../../store/limits.ts'
import { type Duration, durationMs } from '../../time/duration.ts'
import { admissions, type GuardOptions } from '../admission.ts'
import { FencedTransactions, fenceOver, type SqlFence } from '../sql/fence.ts'
import type { SqlTransactions } from '../sql/transactions.ts'
import { type MysqlConnectionOf, type MysqlGuardPool, ownTransactionsOf } from './client.ts'
import { fenceTable, MysqlMarks, tableName } from './marks.ts'

export interface MysqlTableOptions {
  /** The database of the tables of guards. @default the one that the connection uses */
  readonly database?: string
}

export interface MysqlFenceOptions extends GuardOptions, MysqlTableOptions {
  /** The table of marks, made at the first use where it is missing. @default 'holdfast_fence' */
  readonly table?: string
  /**
   * How long to wait for another transaction that holds the mark, in whole seconds. MySQL waits for as long as its
   * `innodb_lock_wait_timeout` says instead. 1 s – 1 h. @default '10s'
   */
  readonly wait?: Duration
  /** Whether `run` tells the triggers of `fenceTriggerSql` what has passed: two statements more. @default false */
  readonly triggers?: boolean
}

const TABLE_DEFAULT = 'holdfast_fence'

/** The table of marks, for an owner that makes the tables. */
export function fenceTableSql(options: Pick<MysqlFenceOptions, 'database' | 'table'> = {}): string {
  return fenceTable(marksTable(options))
}

export function marksTable({ table = TABLE_DEFAULT, database }: Pick<MysqlFenceOptions, 'database' | 'table'>): string {
  return tableName(database, 'table', table)
}

/**
 * A guard over a pool of `mysql2/promise` or `mariadb`, or over a library that opens transactions; it is never closed here. Cheap:
 * nothing is sent yet, and the first use makes the table where it is missing. Throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * const guard = fence(pool)
 * await guard.enter(lease)
 * await guard.run(lease, (tx) => tx.query('UPDATE seat SET buyer = ? WHERE id = ?', [buyer, seat]))
 * ```
 */
export function fence<Tx>(library: SqlTransactions<Tx>, options?: MysqlFenceOptions): SqlFence<Tx>
export function fence<Pool extends MysqlGuardPool>(
  pool: Pool,
  options?: MysqlFenceOptions,
): SqlFence<MysqlConnectionOf<Pool>>
export function fence(source: unknown, options: MysqlFenceOptions = {}): SqlFence<never> {
  return fenceOver(fencedTransactions(source, options), admissions(options, 'mysql'))
}

/** What the guard and the ledger stand on. */
export function fencedTransactions(source: unknown, options: MysqlFenceOptions): FencedTransactions<never> {
  const { wait = MARK_WAIT_MS_DEFAULT, triggers = false } = options
  const own = ownTransactionsOf(source)
  const waitMs = durationMs('wait', wait, { minMs: 1000, maxMs: MARK_WAIT_MS_MAX })
  return new FencedTransactions(own, new MysqlMarks(marksTable(options), waitMs, triggers))
}
