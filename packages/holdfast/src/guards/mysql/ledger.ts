/** The ledger in MySQL and MariaDB: a table of values beside the table of marks. */
import { systemClock } from '../../time/clock.ts'
import { admissions } from '../admission.ts'
import { ledgerOver, type SqlEntries, type SqlLedger } from '../sql/ledger.ts'
import { hexOf, resourceText } from '../sql/names.ts'
import { isOver, PRUNED_MAX, TERM_PREFIX, TERMS_END } from '../sql/entry-terms.ts'
import { makeTable } from '../sql/table-maker.ts'
import type { SqlTransactions } from '../sql/transactions.ts'
import type { MysqlGuardPool } from './client.ts'
import { fencedTransactions, marksTable, type MysqlFenceOptions } from './fence.ts'
import { ledgerTable as ledgerTableText, MAKER, tableName } from './marks.ts'

export interface MysqlLedgerOptions extends MysqlFenceOptions {
  /** The table of values, beside the table of marks. @default 'holdfast_ledger' */
  readonly ledgerTable?: string
}

const TABLE_DEFAULT = 'holdfast_ledger'
/** The entry, its term, its mark. */
const ROWS_OF_ENTRY = 3

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
  const table = tableName(database, 'ledgerTable', ledgerTable)
  const entries = entriesOf(table, marksTable(options), ledgerTableSql(options))
  const admit = admissions(options, 'mysql')
  return ledgerOver(fencedTransactions(source, options), admit, entries, options.clock ?? systemClock)
}

function entriesOf(table: string, marks: string, statement: string): SqlEntries {
  return {
    read: (resource) =>
      `SELECT CAST(token AS CHAR) AS token, HEX(CONVERT(value USING utf8mb4)) AS digits FROM ${table} ` +
      `WHERE resource = ${resourceText(resource)}`,
    write: (key, token, value) => {
      const text = `CONVERT(X'${hexOf(value)}' USING utf8mb4)`
      return (
        `INSERT INTO ${table} (resource, token, value) VALUES (${resourceText(key)}, ${token}, ${text}) ` +
        `ON DUPLICATE KEY UPDATE token = ${token}, value = ${text}`
      )
    },
    remove: (key) => `DELETE FROM ${table} WHERE resource = ${resourceText(key)}`,
    async prune(send, pruning) {
      await send(
        'DELETE line, mark FROM (SELECT entry.resource, entry.token, mark.token AS mark ' +
          `FROM ${table} AS term JOIN ${table} AS entry ON entry.resource = SUBSTRING(term.resource, 2) AND entry.token = term.token ` +
          `JOIN ${marks} AS mark ON mark.resource = entry.resource AND ${isOver(pruning)} ` +
          `WHERE term.resource > '${TERM_PREFIX}' AND term.resource < '${TERMS_END}' ` +
          `AND term.value < '${pruning.endedBefore}' LIMIT ${PRUNED_MAX}) AS ended ` +
          `JOIN ${marks} AS mark ON mark.resource = ended.resource AND mark.token = ended.mark ` +
          `JOIN ${table} AS line ON line.resource IN (ended.resource, CONCAT('${TERM_PREFIX}', ended.resource)) ` +
          'AND line.token = ended.token',
      )
      const { count } = await send('SELECT ROW_COUNT() AS count')
      return Number(count) / ROWS_OF_ENTRY
    },
    make: (send) => makeTable(send, statement, MAKER),
  }
}
