/** A database in memory under the shared statements of the SQL stores: its clock is that of the test. */
import { DatabaseSync } from 'node:sqlite'
import { facts } from '../memory/facts.ts'
import type { RowQuery } from '../records/crowd.ts'
import type {
  AloneRenewal,
  CrowdReading,
  LockedStep,
  RenewedLine,
  StoredReading,
  StoredText,
  SwapResult,
} from '../records/swap-engine.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../time/clock.ts'
import type { SqlConnection, SqlRow } from './driver.ts'
import { type LockedResult, type RowLock, stepLocked } from './locked-row.ts'
import { operationsOver, type RecordStatements } from './operations.ts'
import { partsOf, storedIn } from './record-row.ts'
import { sqlStore } from './store.ts'
import { WaiterRows, waitersIn } from './waiter-rows.ts'

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

export class MemoryDatabase {
  readonly #database = new DatabaseSync(':memory:')
  #last: Promise<unknown> = Promise.resolve()

  constructor() {
    this.#database.exec(`
      CREATE TABLE lines (resource TEXT PRIMARY KEY, version INTEGER, token TEXT, claims TEXT);
      CREATE TABLE waiters (resource TEXT, sequence INTEGER, id TEXT, ends_us INTEGER, text TEXT,
        PRIMARY KEY (resource, sequence), UNIQUE (resource, id));`)
  }

  store(clock: Clock): Store {
    const connection: SqlConnection = {
      query: async (text) => this.#run(text),
      script: async (text) => text.split(/;\s/).map((statement) => this.#run(statement)),
    }
    // One work after the other, as if each locked all of it.
    const use = <Result>(_: string, work: (connection: SqlConnection) => Promise<Result>): Promise<Result> => {
      const done = this.#last.then(() => work(connection))
      this.#last = done.catch(() => undefined)
      return done
    }
    return sqlStore(
      async () => ({ close: async () => undefined }),
      async () => ({
        facts: { ...facts, wakeUp: 'poll' },
        channel: crypto.randomUUID(),
        ...operationsOver({ asks: { use }, keeps: { use } }, new MemoryLines(clock)),
      }),
    )
  }

  #run(text: string): readonly SqlRow[] {
    return this.#database.prepare(text).all() as unknown as readonly SqlRow[]
  }

  /** Of a line: what its record says of its rows, and the rows. */
  lines(): readonly SqlRow[] {
    return this.#run(`SELECT l.claims, count(w.sequence) AS rows, min(w.ends_us) AS first, max(w.ends_us) AS last
      FROM lines AS l LEFT JOIN waiters AS w ON w.resource = l.resource GROUP BY l.resource`)
  }
}

class MemoryLines implements RecordStatements {
  readonly renewalsMax = 3
  readonly #clock: Clock
  readonly #waiters = new WaiterRows({ table: 'waiters', quoted })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async read(connection: SqlConnection, key: string): Promise<StoredReading> {
    const [row] = await connection.query(this.#select(key))
    return { stored: storedIn(row), nowMs: this.#clock.wallMs() }
  }

  async readCrowd(connection: SqlConnection, key: string, query: RowQuery): Promise<CrowdReading> {
    const rows = await connection.query(this.#waiters.select(key, query))
    return { ...(await this.read(connection, key)), found: waitersIn(rows) }
  }

  async swap(connection: SqlConnection, key: string, seen: string | undefined, text: string): Promise<SwapResult> {
    const [token, claims] = partsOf(text).map(quoted)
    const [row] = await connection.query(
      seen === undefined
        ? `INSERT INTO lines VALUES (${quoted(key)}, 1, ${token}, ${claims}) ON CONFLICT DO NOTHING RETURNING CAST(version AS TEXT) AS version`
        : `UPDATE lines SET version = version + 1, token = ${token}, claims = ${claims}
          WHERE resource = ${quoted(key)} AND version = ${seen} RETURNING CAST(version AS TEXT) AS version`,
    )
    const { version } = row ?? {}
    return version === undefined || version === null ? {} : { version }
  }

  /** Every step goes the long way. */
  async takeFree(): Promise<StoredText | undefined> {
    return undefined
  }

  async renewAlone(
    connection: SqlConnection,
    renewals: readonly AloneRenewal[],
  ): Promise<readonly (RenewedLine | undefined)[]> {
    const renewed = renewals.map(async ({ key, seen, endsAtMs, ttlMs, untilEnd, afterEnd }) => {
      const nowMs = this.#clock.wallMs()
      if (nowMs >= endsAtMs) return undefined
      const [row] = await connection.query(
        `UPDATE lines SET version = version + 1, claims = ${quoted(`${untilEnd}${nowMs + ttlMs}${afterEnd}`)}
        WHERE resource = ${quoted(key)} AND version = ${seen} RETURNING CAST(version AS TEXT) AS version`,
      )
      return typeof row?.['version'] === 'string' ? { version: row['version'], endsAtMs: nowMs + ttlMs } : undefined
    })
    return await Promise.all(renewed)
  }

  async swapBefore(
    connection: SqlConnection,
    key: string,
    seen: string,
    text: string,
    endsAtMs: number,
  ): Promise<SwapResult> {
    return this.#clock.wallMs() < endsAtMs ? await this.swap(connection, key, seen, text) : {}
  }

  locked(connection: SqlConnection, key: string, ids: readonly string[], step: LockedStep): Promise<LockedResult> {
    const lock: RowLock = {
      begin: `BEGIN; ${this.#select(key)}`,
      readingIn: ([, rows]) => ({ stored: storedIn(rows?.[0]), nowMs: this.#clock.wallMs() }),
      change: (text) => {
        const [token, claims] = partsOf(text).map(quoted)
        return `UPDATE lines SET version = version + 1, token = ${token}, claims = ${claims} WHERE resource = ${quoted(key)}`
      },
    }
    return stepLocked(connection, { key, ids, waiters: this.#waiters }, lock, step)
  }

  async list(connection: SqlConnection, prefix: string, after: string, limit: number): Promise<readonly string[]> {
    const rows = await connection.query(`SELECT resource FROM lines WHERE claims <> '' AND resource > ${quoted(after)}
      AND substr(resource, 1, ${prefix.length}) = ${quoted(prefix)} ORDER BY resource LIMIT ${limit}`)
    return rows.flatMap(({ resource }) => resource ?? [])
  }

  #select(key: string): string {
    return `SELECT CAST(version AS TEXT) AS version, token, claims FROM lines WHERE resource = ${quoted(key)}`
  }
}
