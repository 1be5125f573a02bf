/**
 * The least that a lock in a SQLite file can do with the same driver and pragmas: no queue, no wake-up, no renewal, no
 * deadline, no notification. What the store costs is counted against this.
 */
import { randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import type { Contestant } from './slices.ts'

/** A lock that is held is not taken; expiry and token are those of the real thing. */
const CREATE = `CREATE TABLE IF NOT EXISTS lock (
  name TEXT PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL, ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID`
const READ = 'SELECT token, ends FROM lock WHERE name = ?'
const TAKE = `INSERT INTO lock VALUES (?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, token = excluded.token, ends = excluded.ends`
const GIVE_BACK = 'UPDATE lock SET ends = 0 WHERE name = ? AND owner = ?'
const TTL_MS = 10_000
/** SQLite's own wait for other writers: the bare program has no loop for it. */
const BUSY_MS = 5_000

export interface BareLockSettings {
  readonly path: string
  readonly durability: 'normal' | 'full'
  readonly names: readonly string[]
}

export class BareLock implements Contestant {
  readonly #names: readonly string[]
  readonly #database: DatabaseSync
  readonly #sql

  constructor({ path, durability, names }: BareLockSettings) {
    this.#names = names
    this.#database = new DatabaseSync(path, { timeout: BUSY_MS })
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durability}; ${CREATE}`)
    const prepare = (sql: string) => this.#database.prepare(sql)
    this.#sql = {
      begin: prepare('BEGIN IMMEDIATE'),
      commit: prepare('COMMIT'),
      read: prepare(READ),
      take: prepare(TAKE),
      giveBack: prepare(GIVE_BACK),
    }
  }

  pair(turn: number): void {
    const name = this.#names[turn % this.#names.length] ?? ''
    const owner = randomUUID()
    this.#take(name, owner)
    if (this.#sql.giveBack.run(name, owner).changes !== 1) throw new Error(`the bare lock lost ${name}`)
  }

  #take(name: string, owner: string): void {
    const { begin, commit, read, take } = this.#sql
    begin.run()
    const now = Date.now()
    const row = read.get(name)
    if (row !== undefined && Number(row['ends']) > now) throw new Error(`the bare lock found ${name} taken`)
    take.run(name, owner, Math.max(Number(row?.['token'] ?? 0) + 1, now * 1000), now + TTL_MS)
    commit.run()
  }

  close(): void {
    this.#database.close()
  }
}
