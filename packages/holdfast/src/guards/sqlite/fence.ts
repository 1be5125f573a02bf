/**
 * The guard for SQLite: a table of marks in the same database as the data, raised in the same transaction. Nothing
 * else is needed, because SQLite has one writer at a time and a transaction that is older than the mark never commits.
 */
import { Misuse } from '../../store/errors.ts'
import type { Fenced } from '../../lease/lease.ts'
import { type Admission, admissions, type GuardOptions } from '../admission.ts'
import {
  firstRow,
  identifier,
  inTransaction,
  type SqliteDatabase,
  type SqliteStatement,
  transaction,
} from './client.ts'
import { endedInside, notEntered, notOpen } from '../sql/refusals.ts'

export interface SqliteFenceOptions extends GuardOptions {
  /** The table of marks, made on demand in the main database of the connection. @default 'holdfast_fence' */
  readonly table?: string
}

/**
 * Every method takes a lease or an accepted sequencer and throws `StaleToken` when the database has seen a newer token,
 * `LeaseLost` when the lease is known to be lost, `Unsupported` for a permit, `Misuse` for anything else that cannot
 * be fenced. Errors of the driver (a busy database, a full disk) pass through as they are.
 */
export interface SqliteFence<Database extends SqliteDatabase = SqliteDatabase> {
  /**
   * Raises the mark, in a transaction of its own. Call it **before the first read** whose result a later transaction
   * writes back; without it a late write of the last holder slips in between. A shared lease checks and does not raise.
   */
  enter(lease: Fenced): void
  /**
   * One transaction: the mark first, then the work, which must be synchronous, then the commit. A refused token or an
   * error of the work leaves no trace. The work of a shared lease is a snapshot that does not hold up writers.
   */
  run<T>(lease: Fenced, work: (db: Database) => T): T
  /**
   * Compares in a transaction that the caller has opened and will end, and keeps other holders out until its end: call it
   * before the first read, and roll back when it throws. The lease must have entered before that transaction began,
   * because a mark made here would be gone again when a savepoint is rolled back alone.
   */
  within(lease: Fenced): void
  /** Looks without raising, to spare useless work early. A check followed by a write in another transaction guards nothing. */
  check(lease: Fenced): void
  /**
   * Fragments for a fence column in the row itself (`INTEGER NOT NULL DEFAULT 0`), without the table of marks. No row
   * changed means that the token is stale or that there is no such row. Entering is then an UPDATE that only sets the column.
   */
  row(lease: Fenced, options?: RowFenceOptions): RowFence
}

export interface RowFenceOptions {
  /** @default 'fence' */
  readonly column?: string
}

/** ``db.prepare(`UPDATE seat SET buyer = :buyer, ${set} WHERE id = :id AND ${where}`).run({ buyer, id, ...parameters })`` */
export interface RowFence {
  /** An assignment for SET. For a shared lease it assigns what is there. */
  readonly set: string
  /** A condition for WHERE. */
  readonly where: string
  /** For `:fence`, which both fragments use. */
  readonly parameters: { readonly fence: bigint }
}

export const FENCE_TABLE_DEFAULT = 'holdfast_fence'

/** The table of marks, for an owner that makes the tables. STRICT, so that a token is never kept as text and compared as such. */
export function fenceTableSql(table: string = FENCE_TABLE_DEFAULT): string {
  return (
    `CREATE TABLE IF NOT EXISTS main.${identifier('table', table)} ` +
    '(resource TEXT NOT NULL PRIMARY KEY, token INTEGER NOT NULL) STRICT, WITHOUT ROWID'
  )
}

/** A guard over a connection of the caller; it is never closed here. Cheap: the first use makes the table where it is missing. */
export function fence<Database extends SqliteDatabase>(
  db: Database,
  options: SqliteFenceOptions = {},
): SqliteFence<Database> {
  const admit = admissions(options, 'sqlite')
  const marks = marksOf(db, options.table ?? FENCE_TABLE_DEFAULT)
  return {
    enter(lease) {
      const admission = admit(lease)
      own(db, 'enter')
      marks.prepareTable()
      transaction(db, 'IMMEDIATE', () => marks.pass(admission))
    },
    run(lease, work) {
      const admission = admit(lease)
      own(db, 'run')
      marks.prepareTable()
      return transaction(db, admission.raises ? 'IMMEDIATE' : 'DEFERRED', () => {
        marks.pass(admission)
        const result = work(db)
        confirm(db, marks, admission)
        return result
      })
    },
    within(lease) {
      const admission = admit(lease)
      if (!inTransaction(db)) throw notOpen('within')
      marks.prepareTable()
      marks.passEntered(admission)
    },
    check(lease) {
      const admission = admit(lease)
      marks.prepareTable()
      marks.compare(admission)
    },
    row(lease, { column = 'fence' } = {}) {
      const { token, raises } = admit(lease)
      const quoted = identifier('column', column)
      return {
        set: raises ? `${quoted} = :fence` : `${quoted} = ${quoted}`,
        where: `${quoted} <= :fence`,
        parameters: { fence: token },
      }
    },
  }
}

/**
 * The work may have ended the transaction, by a statement of its own or because SQLite rolled back on an error that the
 * work swallowed, and may have begun another one: then the mark is gone, and what was written since is not under it.
 */
function confirm(db: SqliteDatabase, marks: Marks, admission: Admission): void {
  if (inTransaction(db)) {
    const mark = marks.compare(admission)
    if (mark === admission.token || !admission.raises) return
  }
  throw endedInside()
}

/** A mark raised inside somebody's transaction is gone again when that is rolled back, so `enter` would promise too much. */
function own(db: SqliteDatabase, method: string): void {
  if (!inTransaction(db)) return
  throw new Misuse(`${method}() makes its own transaction and one is open already: use within() in it`)
}

interface Marks {
  /** Makes the table unless this connection knows that it is there. */
  prepareTable(): void
  /** Raises the mark for an exclusive holder, compares it for a shared one. */
  pass(admission: Admission): void
  /** Takes the write lock for an exclusive holder whose mark is there already, and changes nothing. */
  passEntered(admission: Admission): void
  /** Returns the mark, unless it is newer. */
  compare(admission: Admission): bigint
}

function marksOf(db: SqliteDatabase, table: string): Marks {
  const ddl = fenceTableSql(table)
  const name = identifier('table', table)
  let known = false
  let raise: SqliteStatement | undefined
  let touch: SqliteStatement | undefined
  let read: SqliteStatement | undefined

  const markOf = (resource: string): bigint => {
    // As text, because drivers make a rounded number of a large integer unless they are set up otherwise.
    read ??= db.prepare(`SELECT CAST(token AS TEXT) FROM main.${name} WHERE resource = ?`)
    const [mark] = firstRow(read.all(resource))
    return mark === undefined ? 0n : BigInt(mark)
  }
  const compare = ({ resource, token, stale }: Admission): bigint => {
    const mark = markOf(resource)
    if (mark > token) throw stale(mark)
    return mark
  }
  return {
    compare,
    prepareTable() {
      if (known) return
      db.exec(ddl)
      // Inside a transaction of the caller the table may yet be rolled back.
      known = !inTransaction(db)
    },
    pass(admission) {
      const { resource, token, stale } = admission
      if (!admission.raises) return void compare(admission)
      // An equal token is written again, so that the write lock is taken here and not at some later statement of the caller.
      raise ??= db.prepare(
        `INSERT INTO main.${name} AS mark (resource, token) VALUES (?, ?) ON CONFLICT (resource) ` +
          'DO UPDATE SET token = excluded.token WHERE mark.token <= excluded.token RETURNING 1',
      )
      if (raise.all(resource, token).length === 0) throw stale(markOf(resource))
    },
    passEntered(admission) {
      const { resource, token } = admission
      if (!admission.raises) return void compare(admission)
      // The write lock stays until the end of the outermost transaction, also when a savepoint around this is rolled back.
      touch ??= db.prepare(`UPDATE main.${name} SET token = token WHERE resource = ? AND token = ? RETURNING 1`)
      if (touch.all(resource, token).length > 0) return
      compare(admission)
      throw notEntered(token)
    },
  }
}
