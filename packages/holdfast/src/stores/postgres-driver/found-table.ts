/** What stands under the name of a table. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { SqlConnection } from '../sql/driver.ts'

export interface FoundTable {
  /** Written to the log, so that it outlives a crash. */
  readonly isLogged: boolean
}

const FIND = `SELECT c.relpersistence AS persistence, c.relkind AS kind,
  (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, NULL), ', ' ORDER BY a.attname::text COLLATE "C")
    FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT string_agg(a.attname, ', ' ORDER BY k.place)
    FROM pg_index AS i CROSS JOIN LATERAL unnest(i.indkey::int[]) WITH ORDINALITY AS k (number, place)
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number
    WHERE i.indrelid = c.oid AND i.indisprimary) AS key,
  (SELECT string_agg(r.name, ', ') FROM unnest(string_to_array($3, ', ')) AS r (name)
    WHERE NOT has_table_privilege(c.oid, r.name)) AS missing, has_schema_privilege(n.oid, 'USAGE')::text AS enters
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`

export interface TableWish {
  readonly schema: string
  readonly name: string
  /** As it stands in a statement. */
  readonly quoted: string
  readonly columns: string
  readonly key: string
  /** What the user must be allowed to do with it, as `GRANT` names it. */
  readonly rights: string
}

/** Throws where another program has its table under this name, or where the user lacks rights on it. */
export async function foundTable(connection: SqlConnection, wish: TableWish): Promise<FoundTable | undefined> {
  const { schema, name, quoted, rights } = wish
  const [row] = await connection.query(FIND, [schema, name, rights])
  if (row === undefined) return undefined
  const { kind, persistence, columns, key, missing, enters } = row
  if ((kind !== 'r' && kind !== 'p') || columns !== wish.columns || key !== wish.key) {
    throw new StoreUnavailable(
      `opening: ${quoted} is not a table of Holdfast: it has ${columns ?? 'no columns'}. Choose another schema or table`,
      { isFinal: true },
    )
  }
  if (missing !== null && missing !== undefined) {
    throw new StoreUnavailable(
      `opening: PostgreSQL does not allow this user to ${missing} on ${quoted}: GRANT ${missing} ON ${quoted} (docs/postgres.md)`,
      { isFinal: true },
    )
  }
  if (enters !== 'true') {
    throw new StoreUnavailable(
      `opening: PostgreSQL does not allow this user to use the schema of ${quoted}: GRANT USAGE ON SCHEMA (docs/postgres.md)`,
      { isFinal: true },
    )
  }
  return { isLogged: persistence === 'p' }
}
