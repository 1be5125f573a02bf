/** A ledger: a guard with a value. What the last holder of a lock wrote down, for the next holder and for onlookers. */
import type { Fenced } from '../../lease/lease.ts'
import { LEDGER_VALUE_BYTES_MAX } from '../../store/limits.ts'
import { resourceOf } from '../../store/names.ts'
import { boundedText } from '../../store/bounded-text.ts'
import { firstRow, identifier, inTransaction, type SqliteDatabase } from './client.ts'
import { assertHolder } from '../admission.ts'
import { assertWriter } from '../sql/refusals.ts'
import { fence, type SqliteFenceOptions } from './fence.ts'

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
  put(lease: Fenced, value: string): void
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
  const ddl = ledgerTableSql(options.ledgerTable)
  const table = `main.${identifier('ledgerTable', options.ledgerTable ?? TABLE_DEFAULT)}`

  const guarded = <T>(lease: Fenced, work: () => T): T => {
    if (!inTransaction(db)) return guard.run(lease, work)
    guard.within(lease)
    return work()
  }
  const read = (lock: Pick<Fenced, 'namespace' | 'name'>): LedgerEntry | null => {
    db.exec(ddl)
    const select = db.prepare(`SELECT CAST(token AS TEXT), value FROM ${table} WHERE resource = ?`)
    const [token, value] = firstRow(select.all(resourceOf(lock.namespace, lock.name)))
    return token === undefined || value === undefined ? null : { value, token: BigInt(token) }
  }
  return {
    get: read,
    enter: (lease) => guarded(lease, () => read(lease)),
    put(lease, value) {
      assertHolder(lease)
      assertWriter(lease)
      const { namespace, name, token } = lease
      const text = boundedText('value', value, LEDGER_VALUE_BYTES_MAX)
      guarded(lease, () => {
        db.exec(ddl)
        db.prepare(
          `INSERT INTO ${table} (resource, token, value) VALUES (?, ?, ?) ON CONFLICT (resource) ` +
            'DO UPDATE SET token = excluded.token, value = excluded.value',
        ).run(resourceOf(namespace, name), token, text)
      })
    },
  }
}
