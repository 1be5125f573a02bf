/** A lock that is a row of the caller's own transaction: no lease, no token, and nothing that could end before the commit. */
import { Misuse } from '../../store/errors.ts'
import { MARK_WAIT_MS_DEFAULT, MARK_WAIT_MS_MAX } from '../../store/limits.ts'
import { resourceOf } from '../../store/names.ts'
import { durationMs, type Duration } from '../../time/duration.ts'
import { resourceText } from '../sql/names.ts'
import { notOpen, tooLong } from '../sql/refusals.ts'
import { codeIn, senderOver, type SqlColumns, type SqlSend, type SqlSession } from '../sql/session.ts'
import type { PostgresTableOptions } from './fence.ts'
import { boundedWait, isMissingTable, RESTORED, tableName, WAITED_TOO_LONG } from './marks.ts'

export interface PostgresLockOptions extends PostgresTableOptions {
  /** Keeps the names of different programs apart. @default 'default' */
  readonly namespace?: string
  /** How long to wait for the transaction that has the lock. 1 ms – 1 h. @default '10s' */
  readonly wait?: Duration
  /** The table of locks: a row for each name that was ever locked. @default 'holdfast_lock' */
  readonly table?: string
}

const TABLE_DEFAULT = 'holdfast_lock'
/** A row is there after the second, unless the table is emptied again and again. */
const TRIES_MAX = 5

/** The table of locks, which has to be there: a transaction cannot make one in passing. */
export function lockTableSql({
  table = TABLE_DEFAULT,
  schema,
}: Pick<PostgresLockOptions, 'schema' | 'table'> = {}): string {
  return `CREATE TABLE IF NOT EXISTS ${tableName({ schema }, 'table', table)} (resource text COLLATE "C" PRIMARY KEY)`
}

/**
 * Locks a name until the transaction ends, committed, rolled back or broken: `SELECT … FOR UPDATE` on the row of that name. Make
 * it the **first statement**. It excludes other transactions that lock the name in this database and nothing else, no lease either.
 *
 * Rejects with `WaitTimeout` when another transaction had it for longer than `wait`, and with `Misuse` without an open transaction,
 * without the table, and in another isolation than READ COMMITTED; roll back then. Taken in a nested transaction, it is given
 * back when that is rolled back alone. Errors of the driver, a deadlock for instance, pass through as they are.
 *
 * @example
 * ```ts
 * await db.transaction(async (tx) => {
 *   await lockInTransaction(tx, 'invoice-numbers')
 *   await tx.execute('INSERT INTO invoice SELECT coalesce(max(number), 0) + 1 FROM invoice')
 * })
 * ```
 */
export async function lockInTransaction(
  tx: SqlSession,
  name: string,
  options: PostgresLockOptions = {},
): Promise<void> {
  const { namespace = 'default', wait = MARK_WAIT_MS_DEFAULT, table = TABLE_DEFAULT, schema } = options
  const resource = resourceOf(namespace, name)
  const waitMs = durationMs('wait', wait, { minMs: 1, maxMs: MARK_WAIT_MS_MAX })
  const row = new LockRow(senderOver(tx), tableName({ schema }, 'table', table), resourceText(resource), waitMs)
  try {
    await row.lock(name)
  } catch (error) {
    if (codeIn(error) === WAITED_TOO_LONG) throw tooLong({ error, name, waitMs })
    if (!isMissingTable(error)) throw error
    throw new Misuse(
      `the table of locks is missing: run ${JSON.stringify(lockTableSql({ table, schema: schema ?? 'public' }))}`,
      {
        cause: error,
      },
    )
  }
}

class LockRow {
  readonly #send: SqlSend
  readonly #table: string
  readonly #key: string
  readonly #waitMs: number

  constructor(send: SqlSend, table: string, key: string, waitMs: number) {
    this.#send = send
    this.#table = table
    this.#key = key
    this.#waitMs = waitMs
  }

  async lock(name: string): Promise<void> {
    for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
      const { locked, isolation, id } = await this.#select()
      // What this one reads later would be of the moment before it waited.
      if (isolation !== 'read committed') throw wrongIsolation(isolation)
      if (locked !== undefined) return await this.#confirm(id)
      await this.#insert()
    }
    throw new Misuse(
      `${name}: the row of this lock was deleted ${TRIES_MAX} times meanwhile: leave the table of locks alone`,
    )
  }

  async #select(): Promise<SqlColumns> {
    return await this.#send(
      `${boundedWait(this.#waitMs)}, locked AS MATERIALIZED (SELECT row.resource FROM before CROSS JOIN ${this.#table} AS row ` +
        `WHERE row.resource = ${this.#key} FOR UPDATE OF row) SELECT locked.resource AS locked, ` +
        "current_setting('transaction_isolation') AS isolation, pg_current_xact_id()::text AS id, " +
        `${RESTORED} FROM before LEFT JOIN locked ON true`,
    )
  }

  /** The next statement of another transaction has another id: then the lock has ended with the statement that took it. */
  async #confirm(id: string | undefined): Promise<void> {
    const row = await this.#send('SELECT pg_current_xact_id_if_assigned()::text AS id')
    if (id === undefined || row['id'] !== id) throw notOpen('lockInTransaction')
  }

  async #insert(): Promise<void> {
    await this.#send(
      `${boundedWait(this.#waitMs)}, made AS (INSERT INTO ${this.#table} (resource) SELECT ${this.#key} FROM before ` +
        `ON CONFLICT (resource) DO NOTHING RETURNING resource) SELECT ${RESTORED} FROM before LEFT JOIN made ON true`,
    )
  }
}

function wrongIsolation(isolation: string | undefined): Misuse {
  return new Misuse(
    `lockInTransaction() needs READ COMMITTED, and this transaction is ${isolation?.toUpperCase() ?? 'of an unknown isolation'}: ` +
      'it would go on reading what was there before it waited for the lock',
  )
}
