/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in a PostgreSQL that you already run: one row a line, first come first served, waiters are told when their turn comes. */
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { driverOfPool, driverOfUrl, isPgPool, type PgPool } from '../postgres-driver/pg.ts'
import { isPostgresJs, type PostgresJs } from '../postgres-driver/postgres-js.ts'
import { driverOfPostgresJs } from '../postgres-driver/postgres-js-driver.ts'
import { type Table, tableOf, type TableOptions } from '../sql/table.ts'
import { statementsOf } from './schema.ts'
import { postgresStore } from './store.ts'
import { splitUrl } from './url.ts'

export type { PgPool, PgPoolClient } from '../postgres-driver/pg.ts'
export type { PostgresJs, PostgresJsQuery } from '../postgres-driver/postgres-js.ts'
export type { TableOptions } from '../sql/table.ts'

/**
 * A store over a `Pool` of `pg` or an instance of `postgres`, which are never closed here, or over a URL
 * (`postgres://user:password@host:port/database`), for which `pg` is loaded when the store opens. Each way it makes two more
 * connections: one for renewals and leaves, one to listen. A URL may name the table as well, as in
 * `?holdfast_schema=locks&holdfast_table=lines`. Opens nothing yet; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { holdfast } from 'holdfast'
 * import { postgres } from 'holdfast/postgres'
 * import { Pool } from 'pg'
 *
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL })
 * const locks = holdfast({ store: postgres(pool) })
 * ```
 */
export function postgres(poolOrUrl: PgPool | PostgresJs | string, options: TableOptions = {}): Store {
  if (typeof poolOrUrl === 'string') {
    const { address, table } = addressOf(poolOrUrl, options)
    return postgresStore(() => driverOfUrl(address), table)
  }
  const table = tableOf(options)
  if (isPostgresJs(poolOrUrl)) return postgresStore(() => driverOfPostgresJs(poolOrUrl), table)
  if (!isPgPool(poolOrUrl)) {
    throw new Misuse(
      'postgres() takes a Pool of pg, an instance of postgres, or a URL. A single Client may stand in a transaction, and a rollback would undo a grant',
    )
  }
  return postgresStore(async () => driverOfPool(poolOrUrl), table)
}

function addressOf(url: string, options: TableOptions): { readonly address: string; readonly table: Table } {
  // The message leaves the URL out, because it may carry a password.
  if (!/^postgres(?:ql)?:\/\//.test(url)) {
    throw new Misuse('a URL for PostgreSQL looks like postgres://user:password@host:5432/database')
  }
  const { address, table } = splitUrl(url, options)
  return { address, table: tableOf(table) }
}

/**
 * The statements that make the table, as a text for a person with the right to carry it out. It may be carried out again.
 * A store makes the table itself where it may.
 *
 * @example
 * ```ts
 * import { postgresSchema } from 'holdfast/postgres'
 *
 * console.log(postgresSchema({ schema: 'locks' }))
 * ```
 */
export function postgresSchema(options: TableOptions = {}): string {
  return `${statementsOf(tableOf(options)).join(';\n')};\n`
}
