/** Guarded registers in a real PostgreSQL, each in a schema of its own, over each driver and ORM. */
import { until } from '@holdfast/testbed/engines/until'
import { drizzle } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { Kysely, PostgresDialect, type Transaction } from 'kysely'
import { Pool, type PoolClient } from 'pg'
import postgres from 'postgres'
import type { GuardedResource } from '../../testing/guard-contract.ts'
import {
  type ClientParts,
  partsOfDriver,
  partsOfDrizzle,
  partsOfKnex,
  partsOfKysely,
  resourceOver,
  rolledBack,
  rowsOver,
  sentByKysely,
  SESSIONS_MAX,
} from '../sql/client-parts.fixture.ts'
import { fence, type PostgresFenceOptions } from './index.ts'

let schemas = 0

type PartsOver = (url: string, options: PostgresFenceOptions, waits: () => Promise<void>) => ClientParts<never>

function poolOf(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: SESSIONS_MAX })
  pool.on('error', () => undefined)
  return pool
}

function overPg(
  url: string,
  options: PostgresFenceOptions,
  someoneWaits: () => Promise<void>,
): ClientParts<PoolClient> {
  const pool = poolOf(url)
  const driver = {
    query: (text: string) => pool.query(text),
    connection: () => pool.connect(),
    end: () => pool.end(),
  }
  return partsOfDriver<PoolClient>(driver, { guard: fence(pool, options), someoneWaits })
}

function overPostgresJs(
  url: string,
  options: PostgresFenceOptions,
  someoneWaits: () => Promise<void>,
): ClientParts<postgres.TransactionSql> {
  const sql = postgres(url, { max: SESSIONS_MAX, prepare: false, onnotice: () => undefined })
  const guard = fence(sql, options)
  return {
    guard,
    rows: rowsOver((text) => sql.unsafe(text)),
    rowsIn: (tx) => rowsOver((text) => tx.unsafe(text)),
    async nested(inside, after) {
      await sql.begin(async (tx) => {
        await rolledBack<postgres.TransactionSql>((work) => tx.savepoint(work), inside)
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
  return partsOfKnex(db, { guard: fence<knex.Knex.Transaction>(db, options), someoneWaits })
}

function overDrizzle(url: string, options: PostgresFenceOptions, someoneWaits: () => Promise<void>) {
  const pool = poolOf(url)
  const db = drizzle(pool)
  type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0]
  return partsOfDrizzle<Tx>(db, () => pool.end(), { guard: fence<Tx>(db, options), someoneWaits })
}

function overKysely(url: string, options: PostgresFenceOptions, someoneWaits: () => Promise<void>) {
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: poolOf(url) }) })
  const guard = fence<Transaction<unknown>>(
    { transaction: (work) => db.transaction().execute(work), send: sentByKysely },
    options,
  )
  return partsOfKysely(db, { guard, someoneWaits })
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
  return resourceOver(
    parts,
    prefix,
    rowsOver((text) => person.query(text)),
  )
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
