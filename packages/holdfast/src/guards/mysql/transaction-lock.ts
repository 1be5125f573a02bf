/** A lock that is a row of the caller's own transaction: no lease, no token, and nothing that could end before the commit. */
import { Misuse } from '../../store/errors.ts'
import { MARK_WAIT_MS_DEFAULT, MARK_WAIT_MS_MAX } from '../../store/limits.ts'
import { resourceOf } from '../../store/names.ts'
import { type Duration, durationMs } from '../../time/duration.ts'
import { resourceText } from '../sql/names.ts'
import { notOpen, tooLong } from '../sql/refusals.ts'
import { codeIn, senderOver, type SqlSession } from '../sql/session.ts'
import type { MysqlTableOptions } from './fence.ts'
import { boundedWait, isMissingTable, isOpen, lockTable, tableName, WAITED_TOO_LONG } from './marks.ts'

export interface MysqlLockOptions extends MysqlTableOptions {
  /** Keeps the names of different programs apart. @default 'default' */
  readonly namespace?: string
  /**
   * How long to wait for the transaction that has the lock, in whole seconds. MySQL waits for as long as its
   * `innodb_lock_wait_timeout` says instead. 1 s – 1 h. @default '10s'
   */
  readonly wait?: Duration
  /** The table of locks: a row for each name that was ever locked. @default 'holdfast_lock' */
  readonly table?: string
}

const TABLE_DEFAULT = 'holdfast_lock'
const SAVEPOINT = 'holdfast_lock'

/** The table of locks, which has to be there: to make one would end the transaction. */
export function lockTableSql({
  table = TABLE_DEFAULT,
  database,
}: Pick<MysqlLockOptions, 'database' | 'table'> = {}): string {
  return lockTable(tableName(database, 'table', table))
}

/**
 * Locks a name until the transaction ends, committed, rolled back or broken: the row of that name is locked as by `SELECT … FOR UPDATE`.
 * Make it the **first statement**: under REPEATABLE READ a later one goes on reading what an earlier one saw. It excludes other
 * transactions that lock the name in this database and nothing else, no lease either.
 *
 * Rejects with `WaitTimeout` when another transaction had it for longer than `wait`, and with `Misuse` without an open transaction
 * and without the table; roll back then. Taken in a nested transaction, it may be given back when that is rolled back alone.
 * Errors of the driver, a deadlock for instance, pass through as they are.
 *
 * @example
 * ```ts
 * await connection.beginTransaction()
 * await lockInTransaction(connection, 'invoice-numbers')
 * ```
 */
export async function lockInTransaction(tx: SqlSession, name: string, options: MysqlLockOptions = {}): Promise<void> {
  const { namespace = 'default', wait = MARK_WAIT_MS_DEFAULT, table = TABLE_DEFAULT, database } = options
  const key = resourceText(resourceOf(namespace, name))
  const waitMs = durationMs('wait', wait, { minMs: 1000, maxMs: MARK_WAIT_MS_MAX })
  const target = tableName(database, 'table', table)
  const send = senderOver(tx)
  // Outside of a transaction it is gone before it can be released.
  await send(`SAVEPOINT ${SAVEPOINT}`)
  if (!(await isOpen(send, `RELEASE SAVEPOINT ${SAVEPOINT}`))) throw notOpen('lockInTransaction')
  try {
    // Not a SELECT FOR UPDATE first: of a row that is missing it locks the gap, for two at once, and both INSERTs end in a deadlock.
    await send(
      `${boundedWait(waitMs)} INSERT INTO ${target} (resource) VALUES (${key}) ON DUPLICATE KEY UPDATE resource = ${key}`,
    )
  } catch (error) {
    if (codeIn(error) === WAITED_TOO_LONG) throw tooLong({ name, waitMs, error })
    if (!isMissingTable(error)) throw error
    throw new Misuse(`the table of locks is missing: run ${JSON.stringify(lockTable(target))}`, { cause: error })
  }
}
