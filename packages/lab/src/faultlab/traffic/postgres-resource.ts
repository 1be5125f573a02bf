/**
 * The protected lists in a PostgreSQL of their own, with the shipped guard or without it. One transaction changes the list and
 * writes down what was admitted, under one lock, so the log is in the order of the commits.
 */
import { type Fenced, NotApplied } from 'holdfast'
import { fence, type SqlFence } from 'holdfast/guards/postgres'
import type { HistoryEvent } from '@holdfast/testbed/history'
import pg from 'pg'
import { commitEvent, finalEvents, type LogEntry } from './resource-log.ts'
import type { ProtectedResource } from './protected-resource.ts'

const TABLES = `
CREATE TABLE IF NOT EXISTS lab_log (number bigserial PRIMARY KEY, entry text NOT NULL);
CREATE TABLE IF NOT EXISTS lab_list (name text, version int, element text NOT NULL, PRIMARY KEY (name, version));`
/** Far above any stop of a worker: one that is stopped in its transaction lets the others in when it goes on. */
const WAIT = '10m'
/** Waited too long, or in a circle: surely nothing was done. */
const NOT_DONE: ReadonlySet<unknown> = new Set(['55P03', '40P01', '40001'])

type Change = Pick<LogEntry, 'kind' | 'base' | 'element'>

interface Options {
  readonly process: string
  readonly guard: boolean
}

export async function preparePostgresResource(url: string): Promise<void> {
  await withClient(url, (client) => client.query(TABLES))
}

export async function openPostgresResource(url: string, { process, guard }: Options): Promise<ProtectedResource> {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  pool.on('error', () => undefined)
  return new PostgresResource(process, pool, guard ? fence(pool, { wait: WAIT }) : undefined)
}

class PostgresResource implements ProtectedResource {
  readonly #process: string
  readonly #pool: pg.Pool
  readonly #fence: SqlFence<pg.PoolClient> | undefined

  constructor(process: string, pool: pg.Pool, guard: SqlFence<pg.PoolClient> | undefined) {
    this.#process = process
    this.#pool = pool
    this.#fence = guard
  }

  async enter(holder: Fenced): Promise<void> {
    await this.#admitted(holder, { kind: 'enter' })
  }

  async versionOf(list: string): Promise<number> {
    return await versionIn(this.#pool, list)
  }

  checkedRead(holder: Fenced): Promise<number> {
    return this.#admitted(holder, { kind: 'read' })
  }

  async write(holder: Fenced, base: number, element: string): Promise<void> {
    await this.#admitted(holder, { kind: 'write', base, element })
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  /** Answers the version before. */
  async #admitted(holder: Fenced, change: Change): Promise<number> {
    const work = (tx: pg.PoolClient): Promise<number> => this.#change(tx, holder, change)
    try {
      return await (this.#fence === undefined ? transaction(this.#pool, work) : this.#fence.run(holder, work))
    } catch (error) {
      if (NOT_DONE.has((error as { readonly code?: unknown }).code)) throw new NotApplied('the database was busy')
      throw error
    }
  }

  async #change(tx: pg.PoolClient, { name, token, mode }: Fenced, change: Change): Promise<number> {
    const { kind, base = 0, element = '' } = change
    await tx.query('LOCK TABLE lab_log IN EXCLUSIVE MODE')
    const version = await versionIn(tx, name)
    if (kind === 'write') {
      await tx.query('DELETE FROM lab_list WHERE name = $1 AND version > $2', [name, base])
      await tx.query('INSERT INTO lab_list VALUES ($1, $2, $3)', [name, base + 1, element])
    }
    const t = globalThis.process.hrtime.bigint().toString()
    const entry: LogEntry = {
      t,
      p: this.#process,
      list: name,
      token: String(token),
      raises: mode === 'exclusive',
      ...change,
    }
    await tx.query('INSERT INTO lab_log (entry) VALUES ($1)', [JSON.stringify(entry)])
    return version
  }
}

async function versionIn(client: Pick<pg.Pool, 'query'> | Pick<pg.PoolClient, 'query'>, list: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>('SELECT count(*) FROM lab_list WHERE name = $1', [list])
  return Number(rows[0]?.count)
}

async function transaction<T>(pool: pg.Pool, work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
  const tx = await pool.connect()
  try {
    await tx.query('BEGIN')
    const result = await work(tx)
    await tx.query('COMMIT')
    tx.release()
    return result
  } catch (error) {
    tx.release(true)
    throw error
  }
}

/** What the resource wrote down, and its final values, as events of a history. */
export async function postgresResourceEvents(url: string): Promise<HistoryEvent[]> {
  return await withClient(url, async (client) => {
    const log = await client.query<{ entry: string }>('SELECT entry FROM lab_log ORDER BY number')
    const lists = await client.query<{ name: string; elements: string }>(
      `SELECT name, string_agg(element, ',' ORDER BY version) AS elements FROM lab_list GROUP BY name`,
    )
    const commits = log.rows.map(({ entry }, index) => commitEvent(JSON.parse(entry) as LogEntry, index))
    return [...commits, ...finalEvents(lists.rows, commits.length)]
  })
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
