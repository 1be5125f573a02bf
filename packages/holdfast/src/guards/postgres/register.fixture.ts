/** Guarded registers in a real PostgreSQL, each in a schema of its own, over each driver and ORM. */
import { until } from '@holdfast/testbed/engines/until'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { Kysely, PostgresDialect, sql as kyselySql, type Transaction } from 'kysely'
import { Pool, type PoolClient } from 'pg'
import postgres from 'postgres'
import type { Commit, GuardedResource } from '../../testing/guard-contract.ts'
import { commitsIn, type RegisterParts, registerOver, type RowsOf } from '../sql/register.fixture.ts'
import { fence, type PostgresFenceOptions } from './index.ts'

const SESSIONS_MAX = 20
let schemas = 0

export interface Parts<Tx> extends RegisterParts<Tx> {
  close(): Promise<void>
}

type PartsOver = (url: string, options: PostgresFenceOptions, waits: () => Promise<void>) => Parts<never>

const rowsOver =
  (query: (text: string) => PromiseLike<unknown>): RowsOf =>
  async (text) => {
    const answer = await query(text)
    return (Array.isArray(answer) ? answer : (answer as { rows: unknown }).rows) as Awaited<ReturnType<RowsOf>>
  }

function overPg(url: string, options: PostgresFenceOptions, someoneWaits: () => Promise<void>): Parts<PoolClient> {
  const pool = new Pool({ connectionString: url, max: SESSIONS_MAX })
  pool.on('error', () => undefined)
  const guard = fence(pool, options)
  return {
    guard,
    rows: rowsOver((text) => pool.query(text)),
    rowsIn: (tx) => rowsOver((text) => tx.query(text)),
    async nested(inside, after) {
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        await client.query('SAVEPOINT nested')
        await inside(client)
        await client.query('ROLLBACK TO nested')
        await after(rowsOver((text) => client.query(text)))
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    },
    within: (holder, tx) => guard.within(holder, tx),
    someoneWaits,
    close: () => pool.end(),
  }
}

const BACK = new Error('rolled back alone')

/** The nested transaction of a library is one that rejects. */
async function rolledBack(nested: Promise<unknown>): Promise<void> {
  await nested.catch((error: unknown) => {
    if (error !== BACK) throw error
  })
}

function overPostgresJs(
  url: string,
  options: PostgresFenceOptions,
  someoneWaits: () => Promise<void>,
): Parts<postgres.TransactionSql> {
  const sql = postgres(url, { max: SESSIONS_MAX, prepare: false, onnotice: () => undefined })
  const guard = fence(sql, options)
  return {
    guard,
    rows: rowsOver((text) => sql.unsafe(text)),
    rowsIn: (tx) => rowsOver((text) => tx.unsafe(text)),
    async nested(inside, after) {
      await sql.begin(async (tx) => {
        const nested = tx.savepoint(async (savepoint) => {
          await inside(savepoint)
          throw BACK
        })
        await rolledBack(nested)
        await after(rowsOver((text) => tx.unsafe(text)))
      })
    },
    within: (holder, tx) => guard.within(holder, tx),
    someoneWaits,
    close: () => sql.end(),
  }
}

function overKnex(url: string, options: PostgresFenceOptions, someoneWaits: () => Promise<void>) {
  const db = knex({ client: 'pg', connection: url, pool: { min: 0, max: SESSIONS_MAX } })
  const guard = fence<knex.Knex.Transaction>(db, options)
  const parts: Parts<knex.Knex.Transaction> = {
    guard,
    rows: rowsOver((text) => db.raw(text)),
    rowsIn: (tx) => rowsOver((text) => tx.raw(text)),
    async nested(inside, after) {
      await db.transaction(async (tx) => {
        const nested = tx.transaction(async (savepoint) => {
          await inside(savepoint)
          throw BACK
        })
        await rolledBack(nested)
        await after(rowsOver((text) => tx.raw(text)))
      })
    },
    within: (holder, tx) => guard.within(holder, tx),
    someoneWaits,
    close: () => db.destroy(),
  }
  return parts
}

function overDrizzle(url: string, options: PostgresFenceOptions, someoneWaits: () => Promise<void>) {
  const pool = new Pool({ connectionString: url, max: SESSIONS_MAX })
  pool.on('error', () => undefined)
  const db = drizzle(pool)
  type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0]
  const guard = fence<Tx>(db, options)
  const parts: Parts<Tx> = {
    guard,
    rows: rowsOver((text) => db.execute(drizzleSql.raw(text))),
    rowsIn: (tx) => rowsOver((text) => tx.execute(drizzleSql.raw(text))),
    async nested(inside, after) {
      await db.transaction(async (tx) => {
        const nested = tx.transaction(async (savepoint) => {
          await inside(savepoint)
          throw BACK
        })
        await rolledBack(nested)
        await after(rowsOver((text) => tx.execute(drizzleSql.raw(text))))
      })
    },
    within: (holder, tx) => guard.within(holder, tx),
    someoneWaits,
    close: () => pool.end(),
  }
  return parts
}

function overKysely(url: string, options: PostgresFenceOptions, someoneWaits: () => Promise<void>) {
  type Tx = Transaction<unknown>
  const pool = new Pool({ connectionString: url, max: SESSIONS_MAX })
  pool.on('error', () => undefined)
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  const send = (tx: Pick<Tx, 'getExecutor'>, text: string): Promise<unknown> => kyselySql.raw(text).execute(tx)
  const guard = fence<Tx>({ transaction: (work) => db.transaction().execute(work), send }, options)
  const parts: Parts<Tx> = {
    guard,
    rows: rowsOver((text) => send(db, text)),
    rowsIn: (tx) => rowsOver((text) => send(tx, text)),
    async nested(inside, after) {
      const tx = await db.startTransaction().execute()
      try {
        const savepoint = await tx.savepoint('nested').execute()
        await inside(savepoint)
        await savepoint.rollbackToSavepoint('nested').execute()
        await after(rowsOver((text) => send(tx, text)))
        await tx.commit().execute()
      } catch (error) {
        await tx.rollback().execute()
        throw error
      }
    },
    within: (holder, tx) => guard.within(holder, (text) => send(tx, text)),
    someoneWaits,
    close: () => db.destroy(),
  }
  return parts
}

export const dresses = {
  pg: overPg,
  postgres: overPostgresJs,
  kysely: overKysely,
  drizzle: overDrizzle,
  knex: overKnex,
} as const

export type Dress = keyof typeof dresses

/** `through`: where the guard connects, if not to the server itself. */
export async function registerIn(
  person: Pool,
  dress: Dress,
  url: string,
  options: Pick<PostgresFenceOptions, 'clock' | 'maxAhead' | 'wait'> = {},
): Promise<GuardedResource> {
  const schema = `register_${(schemas += 1)}`
  const prefix = `${schema}.`
  await person.query(`CREATE SCHEMA ${schema}`)
  await person.query(tablesOf(prefix))
  const over = dresses[dress] as unknown as PartsOver
  const parts = over(url, { ...options, schema }, () => someoneWaits(person))
  return {
    connect: async () => registerOver(parts, prefix),
    commits: async (): Promise<readonly Commit[]> =>
      await commitsIn(
        rowsOver((text) => person.query(text)),
        prefix,
      ),
    close: () => parts.close(),
  }
}

function tablesOf(prefix: string): string {
  return `CREATE TABLE ${prefix}register (name text PRIMARY KEY, value bigint NOT NULL);
    INSERT INTO ${prefix}register VALUES ('stock', 0);
    CREATE TABLE ${prefix}history (seq bigserial PRIMARY KEY, name text, based bigint, value bigint, token bigint)`
}

/** Resolves when some session waits for a lock of another. */
export async function someoneWaits(person: Pool): Promise<void> {
  const waits = async (): Promise<boolean> =>
    (await person.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount !== 0
  await until(waits, { withinMs: 10_000, everyMs: 5, what: 'a session that waits for another' })
}
