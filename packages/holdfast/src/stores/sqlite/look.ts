/**
 * Looking at a lock file without leaving a trace: no table, no -wal, no -shm and no bell is made or changed for it, so
 * that it can be done where nothing may be written, and while nobody is known to be alive.
 */
import { statSync } from 'node:fs'
import type { Moment } from '../../line/transition.ts'
import type { DatabaseSync, OpenDatabase } from './client.ts'
import { type ClockEpoch, decodeEpoch, isSameClock } from './epoch.ts'
import { engineError, resultCode, SQLITE, unavailable } from './errors.ts'
import { releaseRemoved } from './file-users.ts'
import { formatOf } from './format.ts'
import { plainRecord, rowQueryOf, type ThinRecord, thinRecordOf } from '../records/crowd.ts'
import type { LineRecord, NamedRecord } from '../records/engine.ts'
import { decodeRecord, withoutClaims } from '../records/record.ts'
import * as wire from './schema.ts'
import { type LineRow, type Prepare, preparing } from './statements.ts'
import { translated } from './translation.ts'
import { findWaiters } from './waiters.ts'

/** What can be seen of a file without changing it. */
export interface ReadableLines {
  /** The last token is 0 when the line was never used, or forgotten. Of many waiters the first ones and these, or all. */
  look(resource: string, ids: readonly string[] | 'all'): LineRecord
  /** Lines that may have claims, in the order of their keys. */
  list(prefix: string, after: string, limit: number): readonly NamedRecord[]
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
    return work(formatOf(database, path) === 'empty' ? nothingThere : readerOf(database, path, settings))
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

function readerOf(database: DatabaseSync, path: string, { epoch, now }: LookSettings): LineReader {
  const prepare = preparing(database)
  const file = prepare(wire.READ_FILE).get()
  if (file === undefined) throw unavailable(path, 'is damaged: delete it together with its -wal and -shm files')
  // Rows whose moments are of this clock; none where it is another one.
  const ours = isSameClock(decodeEpoch(String(file['epoch'])), epoch) ? file['generation'] : undefined
  return new LineReader({
    path,
    prepare,
    decode: (_, record, token) => decodeRecord(record, token),
    isOurs: (generation) => generation === ours,
    now: () => now,
  })
}

interface ReaderParts {
  readonly path: string
  readonly prepare: Prepare
  /** Throws for a damaged record. */
  readonly decode: (resource: string, record: string, lastToken: bigint) => LineRecord
  /** Whether the moments of this generation are of this clock. */
  readonly isOurs: (generation: bigint) => boolean
  readonly now: () => Moment
  /** Of the store that has the file open for change. */
  readonly channel?: string
}

/** Reads lines, and changes nothing. */
export class LineReader implements ReadableLines {
  readonly #parts: ReaderParts

  constructor(parts: ReaderParts) {
    this.#parts = parts
  }

  look(resource: string, ids: readonly string[] | 'all'): LineRecord {
    const found = this.#read(resource)
    // A record and its rows are of one moment only in a transaction.
    if (found.waiters === undefined) return found
    return this.#atOnce(() => this.thin(resource, this.#read(resource), { ids }).record)
  }

  list(prefix: string, after: string, limit: number): readonly NamedRecord[] {
    // Encoded names are ASCII: nothing that starts with the prefix sorts behind this.
    return this.#atOnce(() => this.#entries(wire.LIST_LINES, after, prefix, `${prefix}\x7f`, limit))
  }

  /** Inside a transaction: some lines in key order, whatever they hold. */
  scan(cursor: string, limit: number): readonly NamedRecord[] {
    return this.#entries(wire.SCAN_LINES, cursor, limit)
  }

  /** Inside a transaction: the record with the rows that a step may concern. */
  thin(resource: string, record: LineRecord, wanted: Parameters<typeof rowQueryOf>[1], now?: Moment): ThinRecord {
    const { path, prepare, channel } = this.#parts
    const query = rowQueryOf(record, wanted, now ?? this.#parts.now(), channel)
    if (query === undefined) return plainRecord(record)
    return undamaged(path, () => {
      const { rows, nextEndsAtMs } = findWaiters(prepare, resource, query)
      return thinRecordOf(record, query, rows, nextEndsAtMs)
    })
  }

  #read(resource: string): LineRecord {
    const row = this.#parts.prepare(wire.READ_LINE).get(resource) as unknown as LineRow | undefined
    return row === undefined ? withoutClaims(0n) : this.#decoded({ ...row, resource })
  }

  #entries(sql: string, ...values: readonly (string | number)[]): readonly NamedRecord[] {
    const rows = this.#parts.prepare(sql).all(...values) as unknown as readonly LineRow[]
    return rows.map((row) => ({
      ...this.thin(row.resource, this.#decoded(row), { ids: [] }).record,
      resource: row.resource,
    }))
  }

  #decoded({ resource, generation, token, record }: LineRow): LineRecord {
    const { path, decode, isOurs, now } = this.#parts
    const found = undamaged(path, () => decode(resource, record, token))
    return isOurs(generation) ? found : translated(found, now())
  }

  #atOnce<T>(work: () => T): T {
    const { prepare } = this.#parts
    prepare(wire.BEGIN_LOOK).run()
    try {
      return work()
    } finally {
      prepare(wire.COMMIT).run()
    }
  }
}

/** What it reads may have been damaged; what the driver says means something else. */
export function undamaged<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (resultCode(cause) !== undefined) throw cause
    throw unavailable(path, 'is damaged: a line in it cannot be read. Stop its users and delete it', cause)
  }
}
