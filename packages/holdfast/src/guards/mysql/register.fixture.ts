/** Guarded registers in a real MariaDB or MySQL, each in a database of its own, over each driver and ORM. */
import { until } from '@holdfast/testbed/engines/until'
import { drizzle } from 'drizzle-orm/mysql2'
import knex from 'knex'
import { Kysely, MysqlDialect, type Transaction } from 'kysely'
import * as mariadb from 'mariadb'
import { createPool as createCallbackPool } from 'mysql2'
import { createPool, type Pool, type PoolConnection } from 'mysql2/promise'
import type { GuardedResource } from '../../testing/guard-contract.ts'
import {
  type ClientParts,
  type DriverPool,
  partsOfDriver,
  partsOfDrizzle,
  partsOfKnex,
  partsOfKysely,
  resourceOver,
  rowsOver,
  sentByKysely,
  SESSIONS_MAX,
} from '../sql/client-parts.fixture.ts'
import { fence, type MysqlFenceOptions } from './index.ts'

let databases = 0

type PartsOver = (url: string, options: MysqlFenceOptions, waits: () => Promise<void>) => ClientParts<never>

/** Both drivers call it alike. */
function driverOf<Tx>(pool: {
  query(text: string): Promise<unknown>
  getConnection(): Promise<Tx>
  end(): Promise<void>
}): DriverPool<Tx> {
  return {
    query: (text) => pool.query(text),
    connection: () => pool.getConnection(),
    end: () => pool.end(),
  }
}

function overMysql2(
  url: string,
  options: MysqlFenceOptions,
  someoneWaits: () => Promise<void>,
): ClientParts<PoolConnection> {
  const pool: Pool = createPool({ uri: url, connectionLimit: SESSIONS_MAX })
  return partsOfDriver<PoolConnection>(driverOf(pool), { guard: fence(pool, options), someoneWaits })
}

function overMariadb(
  url: string,
  options: MysqlFenceOptions,
  someoneWaits: () => Promise<void>,
): ClientParts<mariadb.PoolConnection> {
  const pool = mariadb.createPool(`${url.replace('mysql:', 'mariadb:')}?connectionLimit=${SESSIONS_MAX}`)
  return partsOfDriver<mariadb.PoolConnection>(driverOf(pool), { guard: fence(pool, options), someoneWaits })
}

function overKnex(url: string, options: MysqlFenceOptions, someoneWaits: () => Promise<void>) {
  const db = knex({ client: 'mysql2', connection: url, pool: { min: 0, max: SESSIONS_MAX } })
  return partsOfKnex(db, { guard: fence<knex.Knex.Transaction>(db, options), someoneWaits })
}

function overDrizzle(url: string, options: MysqlFenceOptions, someoneWaits: () => Promise<void>) {
  const pool = createPool({ uri: url, connectionLimit: SESSIONS_MAX })
  const db = drizzle(pool)
  type Tx = Parameters<Parameters<typeof db.transaction>[0]>[0]
  return partsOfDrizzle<Tx>(db, () => pool.end(), { guard: fence<Tx>(db, options), someoneWaits })
}

function overKysely(url: string, options: MysqlFenceOptions, someoneWaits: () => Promise<void>) {
  const pool = createCallbackPool({ uri: url, connectionLimit: SESSIONS_MAX })
  const db = new Kysely<unknown>({ dialect: new MysqlDialect({ pool }) })
  const guard = fence<Transaction<unknown>>(
    { transaction: (work) => db.transaction().execute(work), send: sentByKysely },
    options,
  )
  return partsOfKysely(db, { guard, someoneWaits })
}

export const dresses = {
  mysql2: overMysql2,
  mariadb: overMariadb,
  kysely: overKysely,
  drizzle: overDrizzle,
  knex: overKnex,
} as const

export type Dress = keyof typeof dresses

/** As both drivers read it. */
export function urlOf({ url }: { readonly url: string }, database: string): string {
  return url.replace(/^mariadb:/, 'mysql:').replace(/\/[^/]*$/, `/${database}`)
}

export async function registerIn(
  person: Pool,
  dress: Dress,
  server: { readonly url: string },
  options: Pick<MysqlFenceOptions, 'clock' | 'maxAhead' | 'wait'> = {},
): Promise<GuardedResource> {
  const database = `register_${(databases += 1)}`
  const prefix = `${database}.`
  for (const text of tablesOf(database)) await person.query(text)
  const over = dresses[dress] as unknown as PartsOver
  const parts = over(urlOf(server, database), options, () => someoneWaits(person))
  return resourceOver(
    parts,
    prefix,
    rowsOver((text) => person.query(text)),
  )
}

function tablesOf(database: string): readonly string[] {
  return [
    `CREATE DATABASE ${database}`,
    `CREATE TABLE ${database}.register (name VARCHAR(20) PRIMARY KEY, value BIGINT NOT NULL)`,
    `INSERT INTO ${database}.register VALUES ('stock', 0)`,
    `CREATE TABLE ${database}.history (seq BIGINT AUTO_INCREMENT PRIMARY KEY, name TEXT, based BIGINT, value BIGINT, token BIGINT)`,
  ]
}

/** Resolves when some transaction waits for a lock of another. */
export async function someoneWaits(person: Pool): Promise<void> {
  const waits = async (): Promise<boolean> => {
    const [rows] = await person.query("SELECT trx_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
    return (rows as readonly unknown[]).length > 0
  }
  await until(waits, { withinMs: 10_000, everyMs: 120, what: 'a transaction that waits for another' })
}
