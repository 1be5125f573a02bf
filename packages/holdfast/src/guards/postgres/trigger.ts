/** A trigger for writers that forgot the guard: it refuses every change by a transaction in which the lock over it did not pass. */
import { resourceOf } from '../../store/names.ts'
import { plainName, resourceText } from '../sql/names.ts'
import type { PostgresFenceOptions } from './fence.ts'
import { IS_OWN, tableName } from './marks.ts'

export interface FenceTriggerOptions extends Pick<PostgresFenceOptions, 'schema' | 'table'> {
  /** The namespace of the locks. @default 'default' */
  readonly namespace?: string
  /** The name of the lock over the whole table; with `column`, what the names of the locks over its rows begin with. */
  readonly name: string
  /** The column whose text completes the name of the lock over a row, as in `seat:` and the id. @default none: one lock for all rows */
  readonly column?: string
}

/** Of a class that nothing else uses; the standard leaves those from I to Z to implementations. */
const REFUSED = 'LF001'

/**
 * The statements that make the trigger, for INSERT, UPDATE, DELETE and TRUNCATE of a table in `schema`; they may be carried out
 * again. What `run` or `within` did not let pass in the same transaction is refused with SQLSTATE `LF001`. A superuser can switch
 * triggers off, and a replica does.
 *
 * @example
 * ```ts
 * await pool.query(fenceTriggerSql('seat', { namespace: 'shop', name: 'seat:', column: 'id' }))
 * ```
 */
export function fenceTriggerSql(target: string, options: FenceTriggerOptions): string {
  const { namespace = 'default', name, column, schema, table = 'holdfast_fence' } = options
  const data = tableName({ schema }, 'target', target)
  const called = tableName({ schema }, 'target', `holdfast_fence_${plainName('target', target)}`)
  const marks = tableName({ schema }, 'table', table)
  const key = resourceText(resourceOf(namespace, name))
  const triggers =
    column === undefined
      ? [['all', 'BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE', 'STATEMENT']]
      : [
          ['row', 'AFTER INSERT OR UPDATE OR DELETE', 'ROW'],
          ['all', 'BEFORE TRUNCATE', 'STATEMENT'],
        ]
  const body = column === undefined ? refusal(marks, key) : eachRow(marks, key, `"${plainName('column', column)}"`)
  return [
    `CREATE OR REPLACE FUNCTION ${called}() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $holdfast$`,
    `${body}\n$holdfast$;`,
    ...['all', 'row'].map((which) => `DROP TRIGGER IF EXISTS holdfast_fence_${which} ON ${data};`),
    ...triggers.map(
      ([which, when, each]) =>
        `CREATE TRIGGER holdfast_fence_${which} ${when} ON ${data} FOR EACH ${each} EXECUTE FUNCTION ${called}();`,
    ),
    '',
  ].join('\n')
}

function refusal(marks: string, key: string): string {
  return `BEGIN
  IF EXISTS (SELECT FROM ${marks} WHERE resource = ${key} AND ${IS_OWN}) THEN RETURN NULL; END IF;
  ${raised(key)}
END`
}

function raised(key: string): string {
  return `RAISE EXCEPTION USING ERRCODE = '${REFUSED}',
    MESSAGE = format('holdfast: %s of %s without its lock %s', TG_OP, TG_TABLE_NAME, ${key}),
    HINT = 'Write in run() of the guard, or let the lease pass with within() first.';`
}

/** After the row was written, so that it is seen as other triggers have left it. A row that moves to another lock needs both. */
function eachRow(marks: string, key: string, column: string): string {
  return `DECLARE
  part text;
  lock text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    ${raised(key)}
  END IF;
  FOREACH part IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.${column}::text] WHEN 'DELETE' THEN ARRAY[OLD.${column}::text]
    ELSE ARRAY[OLD.${column}::text, NEW.${column}::text] END
  LOOP
    lock := ${key} || ${ENCODED};
    IF NOT EXISTS (SELECT FROM ${marks} WHERE resource = lock AND ${IS_OWN}) THEN
      ${raised('lock')}
    END IF;
  END LOOP;
  RETURN NULL;
END`
}

/** The encoding of names, byte by byte; most names stand for themselves. */
const ENCODED = `CASE WHEN part COLLATE "C" ~ '^[A-Za-z0-9_.:-]*$' THEN part ELSE (
      SELECT string_agg(CASE WHEN byte BETWEEN 48 AND 58 OR byte BETWEEN 65 AND 90 OR byte BETWEEN 97 AND 122
        OR byte IN (45, 46, 95) THEN chr(byte) ELSE '%' || upper(lpad(to_hex(byte), 2, '0')) END, '' ORDER BY at)
      FROM (SELECT at, get_byte(bytes, at) AS byte FROM convert_to(part, 'UTF8') AS bytes,
        generate_series(0, octet_length(bytes) - 1) AS at) AS each_byte) END`
