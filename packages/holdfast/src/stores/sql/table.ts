/** The table that holds the lines: its names are the user's. */
import { checkedName, quotedName } from './names.ts'

export interface TableOptions {
  /** The schema of the table, which is made when it is missing. @default 'holdfast' */
  readonly schema?: string
  /** The table. Programs share locks when they name the same one in the same database. @default 'lines' */
  readonly table?: string
}

export interface Table {
  readonly schema: string
  readonly name: string
  /** As it stands in a statement. */
  readonly quoted: string
  /** The table of waiting claims, for lines with many of them. */
  readonly waiters: Pick<Table, 'name' | 'quoted'>
}

export function tableOf({ schema = 'holdfast', table = 'lines' }: TableOptions): Table {
  const quotedSchema = quotedName(checkedName('schema', schema))
  const quoted = `${quotedSchema}.${quotedName(checkedName('table', table))}`
  const name = checkedName('table', `${table}_waiters`)
  return { schema, name: table, quoted, waiters: { name, quoted: `${quotedSchema}.${quotedName(name)}` } }
}
