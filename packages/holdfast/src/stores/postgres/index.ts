/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in a PostgreSQL that you already run: one row a line, first come first served, waiters are told when their turn comes. */
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { driverOfPool, driverOfUrl, isPgPool, type PgPool } from '../postgres-driver/client.ts'
import { tableOf, type TableOptions } from '../sql/table.ts'
import { statementsOf } from './schema.ts'
import { postgresStore } from './store.ts'

export type { PgPool, PgPoolClient } from '../postgres-driver/client.ts'
export type { TableOptions } from '../sql/table.ts'

/**
 * A store over a `Pool` of `pg`, which is never closed here, or over a URL (`postgres://user:password@host:port/database`),
 * for which `pg` is loaded when the store opens. Either way it makes two more connections: one for renewals and leaves, one
 * to listen. Opens nothing yet; throws `Misuse` when the arguments are wrong.
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
export function postgres(poolOrUrl: PgPool | string, options: TableOptions = {}): Store {
  const table = tableOf(options)
  if (typeof poolOrUrl === 'string') {
    // The message leaves the URL out, because it may carry a password.
    if (!/^postgres(?:ql)?:\/\//.test(poolOrUrl)) {
      throw new Misuse('a URL for PostgreSQL looks like postgres://user:password@host:5432/database')
    }
    return postgresStore(() => driverOfUrl(poolOrUrl), table)
  }
  if (!isPgPool(poolOrUrl)) {
    throw new Misuse(
      'postgres() takes a Pool of pg or a URL. A single Client may stand in a transaction, and a rollback would undo a grant',
    )
  }
  return postgresStore(async () => driverOfPool(poolOrUrl), table)
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
