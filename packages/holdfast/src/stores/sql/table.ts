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
}

export function tableOf({ schema = 'holdfast', table = 'lines' }: TableOptions): Table {
  const quoted = `${quotedName(checkedName('schema', schema))}.${quotedName(checkedName('table', table))}`
  return { schema, name: table, quoted }
}
