/** The one table: the statement that makes it, printed or carried out, and whether what stands in its place is it. */
import { NAME_BYTES_MAX } from '../../store/limits.ts'
import { isThere } from '../mysql-driver/errors.ts'
import type { TableForm } from '../sql/prepared-table.ts'
import { foundTable } from '../mysql-driver/found-table.ts'
import { quotedName } from '../mysql-driver/literals.ts'

export interface MysqlStoreOptions {
  /** The database of the table, which must be there. @default the one that the URL or the pool names */
  readonly database?: string
  /** The table, which is made when it is missing. Programs share locks when they name the same one in the same database. @default 'holdfast_lines' */
  readonly table?: string
}

export interface MysqlTable {
  readonly database: string | undefined
  readonly name: string
  /** As it stands in a statement. */
  readonly quoted: string
  /** The table of waiting claims, for lines with many of them. */
  readonly waiters: Pick<MysqlTable, 'name' | 'quoted'>
}

export function mysqlTableOf({ database, table = 'holdfast_lines' }: MysqlStoreOptions): MysqlTable {
  const within = database === undefined ? '' : `${quotedName('database', database)}.`
  const quoted = `${within}${quotedName('table', table)}`
  const name = `${table}_waiters`
  return { database, name: table, quoted, waiters: { name, quoted: `${within}${quotedName('table', name)}` } }
}

/** Two encoded names at three characters a byte, and what stands between them. */
const RESOURCE_BYTES_MAX = 2 * 3 * NAME_BYTES_MAX + 1

const ID_BYTES_MAX = 200

/** May be carried out again. */
export function statementsOf({ quoted, waiters }: MysqlTable): readonly string[] {
  return [
    `CREATE TABLE IF NOT EXISTS ${quoted} (
  resource VARBINARY(${RESOURCE_BYTES_MAX}) NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  token BIGINT NOT NULL,
  claims MEDIUMBLOB NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC COMMENT='Holdfast lines, version 1'`,
    `CREATE TABLE IF NOT EXISTS ${waiters.quoted} (
  resource VARBINARY(${RESOURCE_BYTES_MAX}) NOT NULL,
  sequence BIGINT NOT NULL,
  id VARBINARY(${ID_BYTES_MAX}) NOT NULL,
  ends_us BIGINT NOT NULL,
  text MEDIUMBLOB NOT NULL,
  PRIMARY KEY (resource, sequence),
  UNIQUE KEY (resource, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC COMMENT='Holdfast waiters, version 1'`,
  ]
}

const LINES = { columns: 'claims mediumblob, resource varbinary, token bigint, version bigint', key: 'resource' }
const WAITERS = {
  columns: 'ends_us bigint, id varbinary, resource varbinary, sequence bigint, text mediumblob',
  key: 'resource, sequence',
}

export function formOf(table: MysqlTable): TableForm<true> {
  return {
    quoted: table.quoted,
    statements: statementsOf(table),
    find: async (connection) => {
      const lines = await foundTable(connection, { ...table, ...LINES })
      const waiters = await foundTable(connection, { ...table, ...table.waiters, ...WAITERS })
      return waiters && lines
    },
    isMadeMeanwhile: isThere,
  }
}
