/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in a PostgreSQL that you already run: one row a line, first come first served, waiters are told when their turn comes. */
import type { Store } from '../../store/store.ts'
import { chosenDriver } from '../postgres-driver/choice.ts'
import type { PgPool } from '../postgres-driver/pg.ts'
import type { PostgresJs } from '../postgres-driver/postgres-js.ts'
import { tableOf, type TableOptions } from '../sql/table.ts'
import { statementsOf } from './schema.ts'
import { postgresStore } from './store.ts'

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
  const { table, connect } = chosenDriver(poolOrUrl, options)
  return postgresStore(connect, table)
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
