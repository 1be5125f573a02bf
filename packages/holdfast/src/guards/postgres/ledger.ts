/** The ledger in PostgreSQL: a table of values beside the table of marks. */
import { systemClock } from '../../time/clock.ts'
import { admissions } from '../admission.ts'
import { type SqlEntries, type SqlLedger, ledgerOver } from '../sql/ledger.ts'
import { hexOf, resourceText } from '../sql/names.ts'
import { isOver, PRUNED_MAX, TERM_PREFIX, TERMS_END } from '../sql/entry-terms.ts'
import type { SqlTransactions } from '../sql/transactions.ts'
import type { PgGuardPool, PostgresJsSql } from './client.ts'
import { fencedTransactions, marksTable, type PostgresFenceOptions } from './fence.ts'
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
    entriesOf(tableName({ schema }, 'ledgerTable', ledgerTable), marksTable(options), ledgerTableSql(options)),
    options.clock ?? systemClock,
  )
}

function entriesOf(table: string, marks: string, statement: string): SqlEntries {
  return {
    read: (resource) =>
      `SELECT token::text AS token, encode(convert_to(value, 'UTF8'), 'hex') AS digits FROM ${table} ` +
      `WHERE resource = ${resourceText(resource)}`,
    write: (key, token, value) =>
      `INSERT INTO ${table} (resource, token, value) VALUES (${resourceText(key)}, ${token}, ` +
      `convert_from(decode('${hexOf(value)}', 'hex'), 'UTF8')) ` +
      'ON CONFLICT (resource) DO UPDATE SET token = excluded.token, value = excluded.value',
    remove: (key) => `DELETE FROM ${table} WHERE resource = ${resourceText(key)}`,
    async prune(send, pruning) {
      const { count } = await send(
        'WITH ended AS MATERIALIZED (SELECT entry.resource, entry.token, mark.token AS mark ' +
          `FROM ${table} AS term JOIN ${table} AS entry ON entry.resource = substr(term.resource, 2) AND entry.token = term.token ` +
          `JOIN ${marks} AS mark ON mark.resource = entry.resource AND ${isOver(pruning)} ` +
          `WHERE term.resource > '${TERM_PREFIX}' AND term.resource < '${TERMS_END}' ` +
          `AND term.value < '${pruning.endedBefore}' LIMIT ${PRUNED_MAX}), ` +
          `gone AS (DELETE FROM ${marks} AS mark USING ended WHERE mark.resource = ended.resource AND mark.token = ended.mark ` +
          'RETURNING ended.resource, ended.token), ' +
          `pruned AS (DELETE FROM ${table} AS line USING gone WHERE line.resource IN (gone.resource, '${TERM_PREFIX}' || gone.resource) ` +
          'AND line.token = gone.token) SELECT count(*)::text AS count FROM gone',
      )
      return Number(count)
    },
    make: (send) => makeTable(send, statement, MAKER),
  }
}
