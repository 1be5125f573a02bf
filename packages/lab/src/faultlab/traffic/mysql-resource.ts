/** The protected lists in a MariaDB. */
import { fence } from 'holdfast/guards/mysql'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { createConnection, createPool, type Connection, type Pool, type PoolConnection } from 'mysql2/promise'
import type { ProtectedResource } from './protected-resource.ts'
import { type ResourceRow, resourceTables, sqlResource, sqlResourceEvents, WAIT } from './sql-resource.ts'

const NOT_DONE: ReadonlySet<unknown> = new Set(['ER_LOCK_WAIT_TIMEOUT', 'ER_LOCK_DEADLOCK'])

interface Options {
  readonly process: string
  readonly guard: boolean
}

export async function prepareMysqlResource(url: string): Promise<void> {
  await withConnection(url, async (connection) => {
    for (const statement of resourceTables('BIGINT AUTO_INCREMENT')) await connection.query(statement)
  })
}

export async function openMysqlResource(url: string, { process, guard }: Options): Promise<ProtectedResource> {
  const pool = createPool({ uri: url, connectionLimit: 4 })
  const fenced = guard ? fence(pool, { wait: WAIT }) : undefined
  return sqlResource<PoolConnection>(process, {
    rows: async (tx, text, values) => (await (tx ?? pool).query(text, [...values]))[0] as readonly ResourceRow[],
    transaction: (holder, work) => (fenced === undefined ? transaction(pool, work) : fenced.run(holder, work)),
    isNotDone: (error) => NOT_DONE.has((error as { readonly code?: unknown }).code),
    close: () => pool.end(),
  })
}

async function transaction<T>(pool: Pool, work: (tx: PoolConnection) => Promise<T>): Promise<T> {
  const tx = await pool.getConnection()
  try {
    await tx.beginTransaction()
    const result = await work(tx)
    await tx.commit()
    tx.release()
    return result
  } catch (error) {
    tx.destroy()
    throw error
  }
}

export async function mysqlResourceEvents(url: string): Promise<HistoryEvent[]> {
  return await withConnection(url, (connection) =>
    sqlResourceEvents(async (text) => (await connection.query(text))[0] as readonly ResourceRow[]),
  )
}

async function withConnection<T>(uri: string, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await createConnection({ uri })
  try {
    return await work(connection)
  } finally {
    await connection.end()
  }
}
