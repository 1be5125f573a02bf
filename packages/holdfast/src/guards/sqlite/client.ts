/** The part of a SQLite driver that the guards use, and transactions over it. Both `node:sqlite` and better-sqlite3 have this shape. */
import { Misuse } from '../../store/errors.ts'
import { plainName } from '../sql/names.ts'

/** A `DatabaseSync` of `node:sqlite`, or a `Database` of better-sqlite3. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  /** Whether a transaction is open, as `node:sqlite` calls it (since Node 22.16). */
  readonly isTransaction?: boolean
  /** The same, as better-sqlite3 calls it. */
  readonly inTransaction?: boolean
}

export interface SqliteStatement {
  run(...parameters: (bigint | string)[]): unknown
  all(...parameters: (bigint | string)[]): unknown[]
}

/** `IMMEDIATE` takes the write lock at once; `DEFERRED` reads one snapshot and lets others write. */
export type TransactionKind = 'IMMEDIATE' | 'DEFERRED'

/** A table or column name in quotes. */
export function identifier(option: string, name: string): string {
  return `"${plainName(option, name)}"`
}

/** All or nothing. Whatever the work throws is thrown on as it is, and so are the driver's own errors. */
export function transaction<T>(db: SqliteDatabase, kind: TransactionKind, work: () => T): T {
  db.exec(`BEGIN ${kind}`)
  try {
    const result = work()
    refusePromise(result)
    db.exec('COMMIT')
    return result
  } catch (error) {
    rollback(db)
    throw error
  }
}

/** Whether the caller has a transaction open on this connection. */
export function inTransaction(db: SqliteDatabase): boolean {
  return db.isTransaction ?? db.inTransaction ?? beginFails(db)
}

/** Node 22.13 – 22.15 has no property to ask. BEGIN takes no lock, and it fails exactly inside a transaction. */
function beginFails(db: SqliteDatabase): boolean {
  try {
    db.exec('BEGIN')
  } catch {
    return true
  }
  db.exec('ROLLBACK')
  return false
}

function rollback(db: SqliteDatabase): void {
  try {
    db.exec('ROLLBACK')
  } catch {
    // SQLite rolls back by itself on a full disk or an I/O error; the error that led here says more.
  }
}

/** The drivers are synchronous: a promise would go on working after the commit, outside the transaction. */
function refusePromise(result: unknown): void {
  if (typeof result !== 'object' || result === null || !('then' in result)) return
  if (typeof result.then !== 'function') return
  Promise.resolve(result).catch(() => {})
  throw new Misuse(
    'work in a SQLite transaction must not be async: it was rolled back. Await before it, and only write in it.',
  )
}

/** The columns of the first row, which the statement gives as text, whatever shape rows have on this connection; none without a row. */
export function firstRow(rows: readonly unknown[]): readonly string[] {
  const [row] = rows
  return typeof row === 'object' && row !== null ? (Object.values(row) as string[]) : []
}
