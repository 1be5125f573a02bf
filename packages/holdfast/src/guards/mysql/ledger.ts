/** The ledger in MySQL and MariaDB: a table of values beside the table of marks. */
import { admissions } from '../admission.ts'
import { ledgerOver, type SqlEntries, type SqlLedger } from '../sql/ledger.ts'
import { hexOf, resourceText } from '../sql/names.ts'
import { makeTable } from '../sql/table-maker.ts'
import type { SqlTransactions } from '../sql/transactions.ts'
import type { MysqlGuardPool } from './client.ts'
import { fencedTransactions, type MysqlFenceOptions } from './fence.ts'
import { ledgerTable as ledgerTableText, MAKER, tableName } from './marks.ts'

export interface MysqlLedgerOptions extends MysqlFenceOptions {
  /** The table of values, beside the table of marks. @default 'holdfast_ledger' */
  readonly ledgerTable?: string
}

const TABLE_DEFAULT = 'holdfast_ledger'

/** The table of values, for an owner that makes the tables. */
export function ledgerTableSql({
  ledgerTable = TABLE_DEFAULT,
  database,
}: Pick<MysqlLedgerOptions, 'database' | 'ledgerTable'> = {}): string {
  return ledgerTableText(tableName(database, 'ledgerTable', ledgerTable))
}

/** A ledger over what `fence` takes; it is never closed here. Cheap: the first use makes the tables where they are missing. */
export function ledger(source: MysqlGuardPool | SqlTransactions<never>, options: MysqlLedgerOptions = {}): SqlLedger {
  const { ledgerTable = TABLE_DEFAULT, database } = options
  const entries = entriesOf(tableName(database, 'ledgerTable', ledgerTable), ledgerTableSql(options))
  return ledgerOver(fencedTransactions(source, options), admissions(options, 'mysql'), entries)
}

function entriesOf(table: string, statement: string): SqlEntries {
  return {
    read: (resource) =>
      `SELECT CAST(token AS CHAR) AS token, HEX(CONVERT(value USING utf8mb4)) AS digits FROM ${table} ` +
      `WHERE resource = ${resourceText(resource)}`,
    write: (resource, token, value) => {
      const text = `CONVERT(X'${hexOf(value)}' USING utf8mb4)`
      return (
        `INSERT INTO ${table} (resource, token, value) VALUES (${resourceText(resource)}, ${token}, ${text}) ` +
        `ON DUPLICATE KEY UPDATE token = ${token}, value = ${text}`
      )
    },
    make: (send) => makeTable(send, statement, MAKER),
  }
}
