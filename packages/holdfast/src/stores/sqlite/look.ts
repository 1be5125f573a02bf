/**
 * Looking at a lock file without leaving a trace: no table, no -wal, no -shm and no bell is made or changed for it, so
 * that it can be done where nothing may be written, and while nobody is known to be alive.
 */
import { statSync } from 'node:fs'
import type { Moment } from '../../line/transition.ts'
import type { DatabaseSync, OpenDatabase, StatementSync } from './client.ts'
import { type ClockEpoch, decodeEpoch, isSameClock } from './epoch.ts'
import { engineError, resultCode, SQLITE, unavailable } from './errors.ts'
import { releaseRemoved } from './file-users.ts'
import { formatOf } from './format.ts'
import type { LineRecord } from '../records/engine.ts'
import { decodeRecord, withoutClaims } from '../records/record.ts'
import { LIST_LINES, READ_FILE, READ_LINE } from './schema.ts'
import type { LineRow } from './statements.ts'
import { translated } from './translation.ts'

export interface StoredEntry extends LineRecord {
  readonly resource: string
}

/** What can be seen of a file without changing it. */
export interface ReadableLines {
  /** The last token is 0 when the line was never used, or forgotten. */
  look(resource: string): LineRecord
  /** Lines that may have claims, in the order of their keys. */
  list(prefix: string, after: string, limit: number): readonly StoredEntry[]
}

export interface LookSettings {
  readonly epoch: ClockEpoch
  readonly now: Moment
  readonly openDatabase: OpenDatabase
}

export const nothingThere: ReadableLines = { look: () => withoutClaims(0n), list: () => [] }

const LOOK_BUSY_MS = 50

/** The connection lives for this look only; `path` is real. */
export function lookAt<T>(path: string, settings: LookSettings, work: (lines: ReadableLines) => T): T {
  releaseRemoved(path)
  let database: DatabaseSync | undefined
  try {
    database = openTraceless(path, settings.openDatabase)
    return work(formatOf(database, path) === 'empty' ? nothingThere : new Look(database, path, settings))
  } catch (error) {
    throw engineError(error, path, 'step')
  } finally {
    database?.close()
  }
}

/**
 * Without a -wal all of the file is in one place, and SQLite needs not be told of others. Otherwise it reads their shared
 * memory and makes none. It makes some where the -shm is missing, which happens in copies.
 */
function openTraceless(path: string, openDatabase: OpenDatabase): DatabaseSync {
  const isIn = (end: string): boolean => statSync(path + end, { throwIfNoEntry: false }) !== undefined
  if (!isIn('-journal')) {
    const found = opened(path, openDatabase, isIn('-wal') ? 'readonly_shm=1' : 'immutable=1')
    if (found !== undefined) return found
  }
  return openDatabase(path, { readOnly: true, busyMs: LOOK_BUSY_MS })
}

function opened(
  path: string,
  openDatabase: OpenDatabase,
  parameters: 'immutable=1' | 'readonly_shm=1',
): DatabaseSync | undefined {
  let database: DatabaseSync | undefined
  try {
    database = openDatabase(path, { readOnly: true, busyMs: LOOK_BUSY_MS, parameters })
    formatOf(database, path)
    return database
  } catch (error) {
    database?.close()
    if (resultCode(error) === SQLITE.CANTOPEN) return undefined
    throw error
  }
}

class Look implements ReadableLines {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #now: Moment
  /** Of rows whose moments are of this clock; `undefined` when none are. */
  readonly #generation: bigint | undefined

  constructor(database: DatabaseSync, path: string, { epoch, now }: LookSettings) {
    this.#database = database
    this.#path = path
    this.#now = now
    const file = this.#statement(READ_FILE).get()
    if (file === undefined) throw unavailable(path, 'is damaged: delete it together with its -wal and -shm files')
    const isOurs = isSameClock(decodeEpoch(String(file['epoch'])), epoch)
    this.#generation = isOurs ? (file['generation'] as bigint) : undefined
  }

  look(resource: string): LineRecord {
    const row = this.#statement(READ_LINE).get(resource) as unknown as LineRow | undefined
    return row === undefined ? withoutClaims(0n) : this.#decoded(row)
  }

  list(prefix: string, after: string, limit: number): readonly StoredEntry[] {
    // Encoded names are ASCII: nothing that starts with the prefix sorts behind this.
    const rows = this.#statement(LIST_LINES).all(after, prefix, `${prefix}\x7f`, limit) as unknown as readonly LineRow[]
    return rows.map((row) => ({ resource: row.resource, ...this.#decoded(row) }))
  }

  #statement(sql: string): StatementSync {
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    return statement
  }

  #decoded({ generation, token, record }: LineRow): LineRecord {
    const entry = decodedRecord(this.#path, record, token)
    return generation === this.#generation ? entry : translated(entry, this.#now)
  }
}

function decodedRecord(path: string, record: string, token: bigint): LineRecord {
  try {
    return decodeRecord(record, token)
  } catch (cause) {
    throw unavailable(path, 'is damaged: a line in it cannot be read. Stop its users and delete it', cause)
  }
}
