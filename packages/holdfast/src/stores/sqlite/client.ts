/** The driver: `node:sqlite`, imported when the store opens and not before, because older versions of Node lack it. */
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { StoreUnavailable } from '../../store/errors.ts'

export type { DatabaseSync, StatementSync } from 'node:sqlite'

export interface OpenOptions {
  readonly readOnly: boolean
  /** How long SQLite itself waits for other processes, blocking this one. */
  readonly busyMs: number
  /** Of a URI (sqlite.org/uri.html). Node before 22.15 knows no URIs and finds no file then. */
  readonly parameters?: 'immutable=1' | 'readonly_shm=1'
}

/** Opens a database file that exists. */
export type OpenDatabase = (path: string, options: OpenOptions) => DatabaseSync

export async function loadDriver(): Promise<OpenDatabase> {
  const { DatabaseSync } = await import('node:sqlite').catch((cause: unknown) => {
    throw new StoreUnavailable(
      `the SQLite store needs Node 22.13 or newer, this is ${process.version}: use a newer Node, or another store`,
      { cause, isFinal: true },
    )
  })
  return (path, { readOnly, busyMs, parameters }) => {
    const name = parameters === undefined ? path : `${pathToFileURL(path).href}?${parameters}`
    const database = new DatabaseSync(name, { readOnly })
    // Not the option `timeout`, which Node 22.13 does not know and would ignore.
    database.exec(`PRAGMA busy_timeout = ${busyMs}`)
    return database
  }
}
