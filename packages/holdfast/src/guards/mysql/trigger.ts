/** Triggers for writers that forgot the guard: they refuse every change by a connection whose `run` did not let its lock pass. */
import { encodeName } from '../../store/names.ts'
import { plainName } from '../sql/names.ts'
import { tableName } from './marks.ts'
import { PASSED, passDigits } from './pass-list.ts'

export interface MysqlTriggerOptions {
  /** The namespace of the locks. @default 'default' */
  readonly namespace?: string
  /** The name of the lock over the whole table; with `column`, what the names of the locks over its rows begin with. */
  readonly name: string
  /** The column whose text completes the name of the lock over a row, as in `seat:` and the id. @default none: one lock for all rows */
  readonly column?: string
  /** The database of the table. @default the one that the connection uses */
  readonly database?: string
}

/** An error of a user. */
const REFUSED = '45000'
const ROWS = { INSERT: ['NEW'], UPDATE: ['OLD', 'NEW'], DELETE: ['OLD'] } as const

/**
 * The statements that make the triggers, for INSERT, UPDATE and DELETE, to be carried out one after the other; they may be carried
 * out again. What was not let pass by `run` of a guard with `triggers: true` is refused with SQLSTATE `45000`. TRUNCATE fires no trigger
 * in MySQL: it needs the right to DROP, which the user of the program should not have.
 *
 * @example
 * ```ts
 * for (const text of fenceTriggerSql('seat', { namespace: 'shop', name: 'seat:', column: 'id' })) await pool.query(text)
 * ```
 */
export function fenceTriggerSql(target: string, options: MysqlTriggerOptions): readonly string[] {
  const { namespace = 'default', name, column, database } = options
  encodeName('namespace', namespace)
  encodeName('name', name)
  const data = tableName(database, 'target', target)
  const digits = passDigits(namespace, name)
  return Object.entries(ROWS).flatMap(([event, rows]) => {
    const trigger = tableName(database, 'target', plainName('target', `holdfast_${event.toLowerCase()}_${target}`))
    const keys =
      column === undefined
        ? [`'${digits}'`]
        : rows.map((row) => {
            const part = `${row}.\`${plainName('column', column)}\``
            return `CONCAT('${digits}', HEX(CONVERT(${part} USING utf8mb4)))`
          })
    // Without a name, as of a row whose column is NULL, nothing has passed.
    const misses = keys.map((key) => `COALESCE(FIND_IN_SET(${key}, ${PASSED}), 0) = 0`).join(' OR ')
    return [
      `DROP TRIGGER IF EXISTS ${trigger}`,
      `CREATE TRIGGER ${trigger} AFTER ${event} ON ${data} FOR EACH ROW
BEGIN
  IF ${misses} THEN
    SIGNAL SQLSTATE '${REFUSED}' SET MESSAGE_TEXT = 'holdfast: ${event} of ${target} without its lock: write in run() of the guard';
  END IF;
END`,
    ]
  })
}
