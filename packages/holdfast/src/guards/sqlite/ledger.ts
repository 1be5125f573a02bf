/** A ledger: a guard with a value. What the last holder of a lock wrote down, for the next holder and for onlookers. */
import type { Fenced } from '../../lease/lease.ts'
import { LEDGER_VALUE_BYTES_MAX } from '../../store/limits.ts'
import { resourceOf } from '../../store/names.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { firstRow, identifier, inTransaction, type SqliteDatabase, transaction } from './client.ts'
import { systemClock } from '../../time/clock.ts'
import { assertHolder } from '../admission.ts'
import { keepMsOf, type LedgerPutOptions } from '../ledger-terms.ts'
import { isOver, PRUNED_MAX, pruningAt, TERM_PREFIX, termKey, TERMS_END, termText } from '../sql/entry-terms.ts'
import { assertWriter } from '../sql/refusals.ts'
import { FENCE_TABLE_DEFAULT, fence, fenceTableSql, type SqliteFenceOptions } from './fence.ts'

export interface SqliteLedgerOptions extends SqliteFenceOptions {
  /** The table of values, beside the table of marks. @default 'holdfast_ledger' */
  readonly ledgerTable?: string
}

export interface LedgerEntry {
  readonly value: string
  /** The token it was written with. */
  readonly token: bigint
}

/**
 * One value for each lock. Throws as a `SqliteFence` does. Inside an open transaction of the caller it becomes part of
 * that, and then the lease must have entered before, as for `within`.
 */
export interface SqliteLedger {
  /** The entry as it is, for onlookers: a holder who will write calls `enter` instead. Null when nothing was written. */
  get(lock: Pick<Fenced, 'namespace' | 'name'>): LedgerEntry | null
  /** Raises the mark and reads the entry in one transaction: what a holder reads here, no late writer can change. */
  enter(lease: Fenced): LedgerEntry | null
  /** Writes the entry unless a newer token was seen. At most 65,536 bytes of UTF-8; not with a shared lease. */
  put(lease: Fenced, value: string, options?: LedgerPutOptions): void
  /**
   * Removes entries whose `keep` was over a day ago, each with the mark of its lock: at most 1000, and returns how many. An
   * entry whose lock was taken since by a holder that wrote nothing stays where tokens are counted and are no time.
   */
  prune(): number
}

const TABLE_DEFAULT = 'holdfast_ledger'

/** The table of values, for an owner that makes the tables. */
export function ledgerTableSql(table: string = TABLE_DEFAULT): string {
  return (
    `CREATE TABLE IF NOT EXISTS main.${identifier('ledgerTable', table)} ` +
    '(resource TEXT NOT NULL PRIMARY KEY, token INTEGER NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID'
  )
}

/** A ledger over a connection of the caller; it is never closed here. Cheap: the first use makes the tables where they are missing. */
export function ledger(db: SqliteDatabase, options: SqliteLedgerOptions = {}): SqliteLedger {
  const guard = fence(db, options)
  const clock = options.clock ?? systemClock
  const entries = entriesIn(db, options)

  const guarded = <T>(lease: Fenced, work: () => T): T => {
    if (!inTransaction(db)) return guard.run(lease, work)
    guard.within(lease)
    return work()
  }
  const read = ({ namespace, name }: Pick<Fenced, 'namespace' | 'name'>): LedgerEntry | null =>
    entries.read(resourceOf(namespace, name))
  return {
    get: read,
    enter: (lease) => guarded(lease, () => read(lease)),
    put(lease, value, putOptions = {}) {
      assertHolder(lease)
      assertWriter(lease)
      const resource = resourceOf(lease.namespace, lease.name)
      const text = boundedText('value', value, LEDGER_VALUE_BYTES_MAX)
      const keepMs = keepMsOf(putOptions)
      guarded(lease, () => {
        entries.write(resource, lease.token, text)
        if (keepMs === undefined) entries.remove(termKey(resource))
        else entries.write(termKey(resource), lease.token, termText(clock.wallMs() + keepMs))
      })
    },
    prune() {
      const work = (): number => entries.prune(clock.wallMs())
      return inTransaction(db) ? work() : transaction(db, 'IMMEDIATE', work)
    },
  }
}

interface Entries {
  read(resource: string): LedgerEntry | null
  write(key: string, token: bigint, value: string): void
  remove(key: string): void
  prune(wallMs: number): number
}

/** Each makes the table where it is missing. */
function entriesIn(
  db: SqliteDatabase,
  { table: marksTable, ledgerTable = TABLE_DEFAULT }: SqliteLedgerOptions,
): Entries {
  const ddl = ledgerTableSql(ledgerTable)
  const table = `main.${identifier('ledgerTable', ledgerTable)}`
  const marks = `main.${identifier('table', marksTable ?? FENCE_TABLE_DEFAULT)}`
  return {
    read(resource) {
      db.exec(ddl)
      const select = db.prepare(`SELECT CAST(token AS TEXT), value FROM ${table} WHERE resource = ?`)
      const [token, value] = firstRow(select.all(resource))
      return token === undefined || value === undefined ? null : { value, token: BigInt(token) }
    },
    write(key, token, value) {
      db.exec(ddl)
      db.prepare(
        `INSERT INTO ${table} (resource, token, value) VALUES (?, ?, ?) ON CONFLICT (resource) ` +
          'DO UPDATE SET token = excluded.token, value = excluded.value',
      ).run(key, token, value)
    },
    remove: (key) => void db.prepare(`DELETE FROM ${table} WHERE resource = ?`).run(key),
    prune(wallMs) {
      db.exec(ddl)
      db.exec(fenceTableSql(marksTable))
      const pruning = pruningAt(wallMs)
      const rows = db
        .prepare(
          `SELECT entry.resource FROM ${table} AS term JOIN ${table} AS entry ON entry.resource = substr(term.resource, 2) ` +
            `AND entry.token = term.token JOIN ${marks} AS mark ON mark.resource = entry.resource AND ${isOver(pruning)} ` +
            `WHERE term.resource > '${TERM_PREFIX}' AND term.resource < '${TERMS_END}' AND term.value < ? LIMIT ${PRUNED_MAX}`,
        )
        .all(pruning.endedBefore)
      for (const row of rows) {
        const [resource = ''] = firstRow([row])
        db.prepare(`DELETE FROM ${marks} WHERE resource = ?`).run(resource)
        db.prepare(`DELETE FROM ${table} WHERE resource IN (?, ?)`).run(resource, termKey(resource))
      }
      return rows.length
    },
  }
}
