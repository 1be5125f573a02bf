/** The protected lists in a PostgreSQL. */
import { fence } from 'holdfast/guards/postgres'
import type { HistoryEvent } from '@holdfast/testbed/history'
import pg from 'pg'
import type { ProtectedResource } from './protected-resource.ts'
import { type ResourceRow, resourceTables, sqlResource, sqlResourceEvents, WAIT } from './sql-resource.ts'

const NOT_DONE: ReadonlySet<unknown> = new Set(['55P03', '40P01', '40001'])

interface Options {
  readonly process: string
  readonly guard: boolean
}

export async function preparePostgresResource(url: string): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of resourceTables('bigserial')) await client.query(statement)
  })
}

export async function openPostgresResource(url: string, { process, guard }: Options): Promise<ProtectedResource> {
  const pool = new pg.Pool({ connectionString: url, max: 4 })
  pool.on('error', () => undefined)
  const fenced = guard ? fence(pool, { wait: WAIT }) : undefined
  return sqlResource<pg.PoolClient>(process, {
    async rows(tx, text, values) {
      let place = 0
      const numbered = text.replaceAll('?', () => `$${(place += 1)}`)
      return (await (tx ?? pool).query<ResourceRow & pg.QueryResultRow>(numbered, [...values])).rows
    },
    transaction: (holder, work) => (fenced === undefined ? transaction(pool, work) : fenced.run(holder, work)),
    isNotDone: (error) => NOT_DONE.has((error as { readonly code?: unknown }).code),
    close: () => pool.end(),
  })
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

export async function postgresResourceEvents(url: string): Promise<HistoryEvent[]> {
  return await withClient(url, (client) =>
    sqlResourceEvents(async (text) => (await client.query<ResourceRow & pg.QueryResultRow>(text)).rows),
  )
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
