/** The driver: `node:sqlite`, imported when the store opens and not before, because older versions of Node lack it. */
import type { DatabaseSync } from 'node:sqlite'
import { StoreUnavailable } from '../../store/errors.ts'

export type { DatabaseSync, StatementSync } from 'node:sqlite'

/** Opens a database file that exists. `busyMs` is how long SQLite itself waits for other processes, blocking this one. */
export type OpenDatabase = (
  path: string,
  options: { readonly readOnly: boolean; readonly busyMs: number },
) => DatabaseSync

export async function loadDriver(): Promise<OpenDatabase> {
  const { DatabaseSync } = await import('node:sqlite').catch((cause: unknown) => {
    throw new StoreUnavailable(
      `the SQLite store needs Node 22.13 or newer, this is ${process.version}: use a newer Node, or another store`,
      { cause, isFinal: true },
    )
  })
  return (path, { readOnly, busyMs }) => {
    const database = new DatabaseSync(path, { readOnly })
    // Not the option `timeout`, which Node 22.13 does not know and would ignore.
    database.exec(`PRAGMA busy_timeout = ${busyMs}`)
    return database
  }
}
