/**
 * What the locks protect: versioned lists in a SQLite database, with the shipped guard or without it. A write puts its
 * element at the version after the one it read, and everything from there on is gone: an update based on an old read
 * overwrites newer ones. The database writes down what it admits, in its own commit order.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { DatabaseSync } from 'node:sqlite'
import type { Fenced } from 'holdfast'
import { fence, type SqliteFence } from 'holdfast/guards/sqlite'
import type { HistoryEvent } from '@holdfast/testbed/history'

/** The lane of the resource in a history. */
export const RESOURCE = 'database'

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE element (list TEXT, version INTEGER, element TEXT, PRIMARY KEY (list, version)) STRICT, WITHOUT ROWID;
  CREATE TABLE entry (
    cseq INTEGER PRIMARY KEY, t TEXT, p TEXT, list TEXT, token TEXT, kind TEXT, raises INTEGER,
    base INTEGER, version INTEGER, element TEXT
  ) STRICT;`

export function createResource(path: string): void {
  const database = new DatabaseSync(path)
  database.exec(SCHEMA)
  database.close()
}

export class Resource {
  readonly #process: string
  readonly #database: DatabaseSync
  readonly #fence: SqliteFence<DatabaseSync> | undefined

  constructor(path: string, options: { readonly process: string; readonly guard: boolean }) {
    this.#process = options.process
    // No waiting inside SQLite: it would stand still with the whole process.
    this.#database = new DatabaseSync(path, { timeout: 0 })
    this.#database.exec('PRAGMA synchronous = NORMAL')
    this.#fence = options.guard ? fence(this.#database) : undefined
  }

  /** Before the first read. Without a guard it refuses no holder, and is recorded all the same. */
  enter(holder: Fenced): void {
    this.#admitted(holder, () => this.#log(holder, 'enter', {}))
  }

  /** Plain: nothing is checked, as in every program that reads before it writes. */
  versionOf(list: string): number {
    const row = this.#database.prepare('SELECT max(version) AS version FROM element WHERE list = ?').get(list)
    return Number(row?.['version'] ?? 0)
  }

  checkedRead(holder: Fenced): number {
    return this.#admitted(holder, () => {
      this.#log(holder, 'read', {})
      return this.versionOf(holder.name)
    })
  }

  write(holder: Fenced, base: number, element: string): void {
    this.#admitted(holder, () => {
      const version = base + 1
      this.#database.prepare('DELETE FROM element WHERE list = ? AND version > ?').run(holder.name, base)
      this.#database.prepare('INSERT INTO element VALUES (?, ?, ?)').run(holder.name, version, element)
      this.#log(holder, 'write', { base, version, element })
    })
  }

  close(): void {
    this.#database.close()
  }

  #admitted<T>(holder: Fenced, work: () => T): T {
    if (this.#fence !== undefined && holder.mode !== 'shared') return this.#fence.run(holder, work)
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      // A shared holder's own transaction is a snapshot, which could not write the log.
      this.#fence?.within(holder)
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #log(holder: Fenced, kind: string, write: { base?: number; version?: number; element?: string }): void {
    const { base = null, version = null, element = null } = write
    this.#database
      .prepare('INSERT INTO entry (t, p, list, token, kind, raises, base, version, element) VALUES (?,?,?,?,?,?,?,?,?)')
      .run(
        process.hrtime.bigint().toString(),
        this.#process,
        holder.name,
        String(holder.token),
        kind,
        Number(holder.mode === 'exclusive'),
        base,
        version,
        element,
      )
  }
}

const CLOSING_MS_MAX = 5_000

/** What the resource wrote down, and its final values, as events of a history. */
export function resourceEvents(path: string): HistoryEvent[] {
  // The last process that closes the database keeps it to itself for a moment.
  const database = new DatabaseSync(path, { readOnly: true, timeout: CLOSING_MS_MAX })
  try {
    const commits = database.prepare('SELECT * FROM entry ORDER BY cseq').all().map(commitOf)
    const finals = database
      .prepare("SELECT list, group_concat(element, ',') AS elements FROM element GROUP BY list")
      .all()
    const now = process.hrtime.bigint().toString()
    return [
      ...commits,
      ...finals.map(({ list, elements }, index): HistoryEvent => {
        const i = commits.length + index
        return {
          i,
          op: i,
          t: now,
          p: RESOURCE,
          e: 'sig',
          f: 'final',
          k: String(list),
          in: { elements: String(elements) },
        }
      }),
    ]
  } finally {
    database.close()
  }
}

function commitOf(row: Readonly<Record<string, unknown>>, i: number): HistoryEvent {
  const { t, p, list, cseq, token, kind, raises, base, version, element } = row
  const common = { cseq: Number(cseq), token: String(token), kind: String(kind), raises: raises === 1, by: String(p) }
  const written = kind === 'write' ? { base: Number(base), version: Number(version), element: String(element) } : {}
  const event = { i, op: i, t: String(t), p: RESOURCE, e: 'sig', f: 'commit', k: String(list) } as const
  return { ...event, in: { ...common, ...written } }
}

const BUSY = 5
const BUSY_TRIES_MAX = 2_000
const BUSY_PAUSE_MS = 5

/** Repeats a call while another process writes the database; a stopped process may keep it busy for a while. */
export async function patiently<T>(work: () => T): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || attempt === BUSY_TRIES_MAX) throw error
    }
    await sleep(BUSY_PAUSE_MS)
  }
}

/** The primary result code is in the low byte. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === BUSY
}
