/** Whether what stands in the place of a table of ours is it, as the server describes it. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { SqlConnection } from '../sql/driver.ts'
import { bytes } from './literals.ts'

/** Every statement names the database, so that no session that went to another one meets another table. */
export async function databaseOf(connection: SqlConnection): Promise<string> {
  const [row] = await connection.query('SELECT DATABASE() AS name')
  const database = row?.['name'] ?? undefined
  if (database === undefined) {
    throw new StoreUnavailable(
      'opening: no database is named: do it in the URL, in the pool or as the option database',
      {
        isFinal: true,
      },
    )
  }
  return database
}

export interface WantedTable {
  readonly database: string | undefined
  readonly name: string
  /** As it stands in a statement. */
  readonly quoted: string
  /** Names and types, in the order of their names. */
  readonly columns: string
  readonly key: string
}

/** `undefined` where there is none; throws when something else stands in its place. */
export async function foundTable(
  connection: SqlConnection,
  { database = '', name, quoted, columns: wanted, key }: WantedTable,
): Promise<true | undefined> {
  const columns = await connection.query(
    `SELECT t.ENGINE AS engine, c.COLUMN_NAME AS name, c.DATA_TYPE AS type, c.COLUMN_KEY AS keyed
    FROM information_schema.TABLES AS t JOIN information_schema.COLUMNS AS c
      ON c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
    WHERE t.TABLE_SCHEMA = ${text(database)} AND t.TABLE_NAME = ${text(name)} ORDER BY c.ORDINAL_POSITION`,
  )
  if (columns.length === 0) return undefined
  const found = columns.map((column) => `${column['name']} ${column['type']}`).toSorted()
  const keys = columns.flatMap((column) => (column['keyed'] === 'PRI' ? [column['name']] : []))
  if (found.join(', ') !== wanted || keys.join(', ') !== key) {
    throw new StoreUnavailable(
      `opening: ${quoted} is not a table of Holdfast: it has ${found.join(', ')}. Choose another table`,
      { isFinal: true },
    )
  }
  const engine = columns[0]?.['engine'] ?? 'none'
  if (engine !== 'InnoDB') {
    const words = `opening: ${quoted} has the engine ${engine}, which locks no rows and keeps no promise in a crash: InnoDB is needed`
    throw new StoreUnavailable(words, { isFinal: true })
  }
  return true
}

function text(name: string): string {
  return `CONVERT(${bytes(name)} USING utf8mb4)`
}
