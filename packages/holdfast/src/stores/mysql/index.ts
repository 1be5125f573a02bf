/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in a MySQL or MariaDB that you already run: one row a line, first come first served, waiters look by themselves. */
import { Misuse } from '../../store/errors.ts'
import type { Store } from '../../store/store.ts'
import { driverOf, isMysqlPool, type MysqlPool } from '../mysql-driver/load.ts'
import { mysqlTableOf, type MysqlStoreOptions, statementsOf } from './schema.ts'
import { mysqlStore } from './store.ts'

export type { MysqlPool } from '../mysql-driver/load.ts'
export type { MariadbPool } from '../mysql-driver/mariadb.ts'
export type { Mysql2Pool } from '../mysql-driver/mysql2.ts'
export type { MysqlStoreOptions } from './schema.ts'

/**
 * A store over a pool of `mysql2/promise` or of `mariadb`, which is never closed here, or over a URL
 * (`mysql://user:password@host:port/database`), for which `mysql2`, or else `mariadb`, is loaded when the store opens.
 * Either way it makes two more connections: one for renewals and leaves, one for steps that lock a row over two requests.
 * Opens nothing yet; throws `Misuse` when the arguments are wrong.
 *
 * @example
 * ```ts
 * import { holdfast } from 'holdfast'
 * import { mysql } from 'holdfast/mysql'
 * import { createPool } from 'mysql2/promise'
 *
 * const pool = createPool({ uri: process.env.DATABASE_URL })
 * const locks = holdfast({ store: mysql(pool) })
 * ```
 */
export function mysql(poolOrUrl: MysqlPool | string, options: MysqlStoreOptions = {}): Store {
  const table = mysqlTableOf(options)
  if (typeof poolOrUrl === 'string') {
    // The message leaves the URL out, because it may carry a password.
    if (!/^(?:mysql|mariadb):\/\//.test(poolOrUrl)) {
      throw new Misuse('a URL for MySQL looks like mysql://user:password@host:3306/database')
    }
  } else if (!isMysqlPool(poolOrUrl)) {
    throw new Misuse(
      'mysql() takes a pool of mysql2/promise or mariadb, or a URL. A single connection may stand in a transaction, and a rollback would undo a grant',
    )
  }
  return mysqlStore((onMade) => driverOf(poolOrUrl, onMade), table)
}

/**
 * The statements that make the tables, as a text for a person with the right to carry them out. They may be carried out
 * again. A store makes the tables itself where it may.
 *
 * @example
 * ```ts
 * import { mysqlSchema } from 'holdfast/mysql'
 *
 * console.log(mysqlSchema({ database: 'locks' }))
 * ```
 */
export function mysqlSchema(options: MysqlStoreOptions = {}): string {
  return `${statementsOf(mysqlTableOf(options)).join(';\n')};\n`
}
