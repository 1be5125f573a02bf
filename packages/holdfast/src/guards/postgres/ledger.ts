/** The ledger in PostgreSQL: a table of values beside the table of marks. */
import { admissions } from '../admission.ts'
import { type SqlEntries, type SqlLedger, ledgerOver } from '../sql/ledger.ts'
import { hexOf, resourceText } from '../sql/names.ts'
import type { SqlTransactions } from '../sql/transactions.ts'
import type { PgGuardPool, PostgresJsSql } from './client.ts'
import { fencedTransactions, type PostgresFenceOptions } from './fence.ts'
import { MAKER, tableName } from './marks.ts'
import { makeTable } from '../sql/table-maker.ts'

export interface PostgresLedgerOptions extends PostgresFenceOptions {
  /** The table of values, beside the table of marks. @default 'holdfast_ledger' */
  readonly ledgerTable?: string
}

const TABLE_DEFAULT = 'holdfast_ledger'

/** The table of values, for an owner that makes the tables. */
export function ledgerTableSql({
  ledgerTable = TABLE_DEFAULT,
  schema,
}: Pick<PostgresLedgerOptions, 'ledgerTable' | 'schema'> = {}): string {
  return (
    `CREATE TABLE IF NOT EXISTS ${tableName({ schema }, 'ledgerTable', ledgerTable)} ` +
    '(resource text COLLATE "C" PRIMARY KEY, token bigint NOT NULL, value text NOT NULL)'
  )
}

/** A ledger over what `fence` takes; it is never closed here. Cheap: the first use makes the tables where they are missing. */
export function ledger(
  source: PgGuardPool | PostgresJsSql | SqlTransactions<never>,
  options: PostgresLedgerOptions = {},
): SqlLedger {
  const { ledgerTable = TABLE_DEFAULT, schema } = options
  return ledgerOver(
    fencedTransactions(source, options),
    admissions(options, 'postgres'),
    entriesOf(tableName({ schema }, 'ledgerTable', ledgerTable), ledgerTableSql(options)),
  )
}

function entriesOf(table: string, statement: string): SqlEntries {
  return {
    read: (resource) =>
      `SELECT token::text AS token, encode(convert_to(value, 'UTF8'), 'hex') AS digits FROM ${table} ` +
      `WHERE resource = ${resourceText(resource)}`,
    write: (resource, token, value) =>
      `INSERT INTO ${table} (resource, token, value) VALUES (${resourceText(resource)}, ${token}, ` +
      `convert_from(decode('${hexOf(value)}', 'hex'), 'UTF8')) ` +
      'ON CONFLICT (resource) DO UPDATE SET token = excluded.token, value = excluded.value',
    make: (send) => makeTable(send, statement, MAKER),
  }
}
