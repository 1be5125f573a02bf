/** The one table: the statements that make it, printed or carried out, and whether what stands in its place is it. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { SqlConnection } from '../sql/driver.ts'
import { codeOf } from '../sql/errors.ts'
import { quotedName } from '../sql/names.ts'
import type { TableForm } from '../sql/prepared-table.ts'
import type { Table } from '../sql/table.ts'

/** May be carried out again. */
export function statementsOf({ schema, quoted }: Table): readonly string[] {
  return [
    `CREATE SCHEMA IF NOT EXISTS ${quotedName(schema)}`,
    `CREATE TABLE IF NOT EXISTS ${quoted} (
  resource text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  token bigint NOT NULL,
  claims text NOT NULL
) WITH (fillfactor = 50)`,
    `COMMENT ON TABLE ${quoted} IS 'Holdfast lines, version 1'`,
  ]
}

const COLUMNS = 'claims text, resource text, token bigint, version bigint'
const LOOK = `SELECT c.relpersistence AS persistence, c.relkind AS kind,
  (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, NULL), ', ' ORDER BY a.attname::text COLLATE "C")
    FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  EXISTS (SELECT FROM pg_index AS i JOIN pg_attribute AS k ON k.attrelid = c.oid AND k.attnum = i.indkey[0]
    WHERE i.indrelid = c.oid AND i.indisprimary AND i.indnatts = 1 AND k.attname = 'resource')::text AS has_key
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`
/** What two programs that make the same thing in one moment are told. */
const MADE_MEANWHILE: ReadonlySet<string | undefined> = new Set(['23505', '42710', '42P06', '42P07', 'XX000'])

export interface TableFindings {
  readonly isLogged: boolean
}

export function formOf(table: Table): TableForm<TableFindings> {
  return {
    quoted: table.quoted,
    statements: statementsOf(table),
    find: (connection) => tableFound(connection, table),
    isMadeMeanwhile: (error) => MADE_MEANWHILE.has(codeOf(error)),
  }
}

async function tableFound(connection: SqlConnection, table: Table): Promise<TableFindings | undefined> {
  const [row] = await connection.query(LOOK, [table.schema, table.name])
  if (row === undefined) return undefined
  const isTable = row['kind'] === 'r' || row['kind'] === 'p'
  if (!isTable || row['columns'] !== COLUMNS || row['has_key'] !== 'true') {
    throw new StoreUnavailable(
      `opening: ${table.quoted} is not a table of Holdfast: it has ${row['columns'] ?? 'no columns'}. Choose another schema or table`,
      { isFinal: true },
    )
  }
  return { isLogged: row['persistence'] === 'p' }
}
