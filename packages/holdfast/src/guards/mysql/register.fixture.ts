/** Guarded registers in a real MariaDB or MySQL, each in a database of its own, over each driver and ORM. */
import { until } from '@holdfast/testbed/engines/until'
import { sql as drizzleSql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/mysql2'
import knex from 'knex'
import { Kysely, MysqlDialect, sql as kyselySql, type Transaction } from 'kysely'
import * as mariadb from 'mariadb'
import { createPool as createCallbackPool } from 'mysql2'
import { createPool, type Pool, type PoolConnection } from 'mysql2/promise'
import type { Fenced } from '../../lease/lease.ts'
import type { Commit, GuardedResource } from '../../testing/guard-contract.ts'
import { commitsIn, type RegisterParts, registerOver, type RowsOf } from '../sql/register.fixture.ts'
import { fence, type MysqlFenceOptions } from './index.ts'

const SESSIONS_MAX = 20
let databases = 0

interface Parts<Tx> extends RegisterParts<Tx> {
  close(): Promise<void>
}

type PartsOver = (url: string, options: MysqlFenceOptions, waits: () => Promise<void>) => Parts<never>

const rowsOver =
  (query: (text: string) => PromiseLike<unknown>): RowsOf =>
  async (text) => {
    const answer = (await query(text)) as readonly unknown[] | { readonly rows: readonly unknown[] }
    const rows = 'rows' in answer ? answer.rows : Array.isArray(answer[0]) ? (answer[0] as readonly unknown[]) : answer
    return rows as Awaited<ReturnType<RowsOf>>
  }

interface Connection {
  query(text: string): Promise<unknown>
}

/** What both drivers do alike. */
function overConnections<Tx extends Connection & { release(): unknown }>(
  pool: Connection & { getConnection(): Promise<Tx> },
  guard: { run: RegisterParts<Tx>['guard']['run']; within(lease: Fenced, tx: Tx): Promise<void> },
) {
  const rowsIn = (tx: Connection): RowsOf => rowsOver((text) => tx.query(text))
  return {
    rows: rowsIn(pool),
    rowsIn,
    async nested(inside: (tx: Tx) => Promise<void>, after: (rows: RowsOf) => Promise<void>) {
      const tx = await pool.getConnection()
      try {
        for (const text of ['START TRANSACTION', 'SAVEPOINT nested']) await tx.query(text)
        await inside(tx)
        await tx.query('ROLLBACK TO SAVEPOINT nested')
        await after(rowsIn(tx))
        await tx.query('COMMIT')
      } catch (error) {
        await tx.query('ROLLBACK')
        throw error
      } finally {
        await tx.release()
      }
    },
    within: (holder: Fenced, tx: Tx) => guard.within(holder, tx),
  }
}

function overMysql2(url: string, options: MysqlFenceOptions, someoneWaits: () => Promise<void>): Parts<PoolConnection> {
  const pool: Pool = createPool({ uri: url, connectionLimit: SESSIONS_MAX })
  const guard = fence(pool, options)
  return { guard, ...overConnections<PoolConnection>(pool, guard), someoneWaits, close: () => pool.end() }
}

function overMariadb(
  url: string,
  options: MysqlFenceOptions,
  someoneWaits: () => Promise<void>,
): Parts<mariadb.PoolConnection> {
  const pool = mariadb.createPool(`${url.replace('mysql:', 'mariadb:')}?connectionLimit=${SESSIONS_MAX}`)
  const guard = fence(pool, options)
  return { guard, ...overConnections<mariadb.PoolConnection>(pool, guard), someoneWaits, close: () => pool.end() }
}

const BACK = new Error('rolled back alone')

/** The nested transaction of a library is one that rejects. */
async function rolledBack(nested: Promise<unknown>): Promise<void> {
  await nested.catch((error: unknown) => {
    if (error !== BACK) throw error
  })
}

function overKnex(
  url: string,
  options: MysqlFenceOptions,
  someoneWaits: () => Promise<void>,
): Parts<knex.Knex.Transaction> {
  const db = knex({ client: 'mysql2', connection: url, pool: { min: 0, max: SESSIONS_MAX } })
  const guard = fence<knex.Knex.Transaction>(db, options)
  return {
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
}

function overDrizzle(url: string, options: MysqlFenceOptions, someoneWaits: () => Promise<void>) {
  const pool = createPool({ uri: url, connectionLimit: SESSIONS_MAX })
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

function overKysely(url: string, options: MysqlFenceOptions, someoneWaits: () => Promise<void>) {
  type Tx = Transaction<unknown>
  const pool = createCallbackPool({ uri: url, connectionLimit: SESSIONS_MAX })
  const db = new Kysely<unknown>({ dialect: new MysqlDialect({ pool }) })
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
