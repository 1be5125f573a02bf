/** The one table: the statements that make it, printed or carried out, and whether what stands in its place is it. */
import { type FoundTable, foundTable } from '../postgres-driver/found-table.ts'
import type { SqlConnection } from '../sql/driver.ts'
import { codeOf } from '../../store/engine-errors.ts'
import { quotedName } from '../sql/names.ts'
import type { TableForm } from '../sql/prepared-table.ts'
import type { Table } from '../sql/table.ts'

/** May be carried out again. */
export function statementsOf({ schema, quoted, waiters }: Table): readonly string[] {
  return [
    `CREATE SCHEMA IF NOT EXISTS ${quotedName(schema)}`,
    `CREATE TABLE IF NOT EXISTS ${quoted} (
  resource text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  token bigint NOT NULL,
  claims text NOT NULL
) WITH (fillfactor = 50)`,
    `CREATE TABLE IF NOT EXISTS ${waiters.quoted} (
  resource text COLLATE "C",
  sequence bigint,
  id text COLLATE "C" NOT NULL,
  ends_us bigint NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (resource, sequence),
  UNIQUE (resource, id)
)`,
    `COMMENT ON TABLE ${quoted} IS 'Holdfast lines, version 1'`,
  ]
}

const LINES = {
  columns: 'claims text, resource text, token bigint, version bigint',
  key: 'resource',
  rights: 'SELECT, INSERT, UPDATE',
}
const WAITERS = {
  columns: 'ends_us bigint, id text, resource text, sequence bigint, text text',
  key: 'resource, sequence',
  rights: 'SELECT, INSERT, UPDATE, DELETE',
}
/** What two programs that make the same thing in one moment are told. */
const MADE_MEANWHILE: ReadonlySet<string | undefined> = new Set(['23505', '42710', '42P06', '42P07', 'XX000'])

export function formOf(table: Table): TableForm<FoundTable> {
  return {
    quoted: table.quoted,
    statements: statementsOf(table),
    find: (connection) => tableFound(connection, table),
    isMadeMeanwhile: (error) => MADE_MEANWHILE.has(codeOf(error)),
  }
}

async function tableFound(connection: SqlConnection, table: Table): Promise<FoundTable | undefined> {
  const lines = await foundTable(connection, { ...table, ...LINES })
  const waiters = await foundTable(connection, { ...table, ...table.waiters, ...WAITERS })
  return waiters === undefined ? undefined : lines
}
