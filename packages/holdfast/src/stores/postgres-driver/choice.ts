/** What a store was given: a pool of one driver, an instance of the other, or a URL. */
import { Misuse } from '../../store/errors.ts'
import { type Table, tableOf, type TableOptions } from '../sql/table.ts'
import type { PostgresDriver } from './driver.ts'
import { driverOfPool, driverOfUrl, isPgPool, type PgPool } from './pg.ts'
import { driverOfPostgresJs } from './postgres-js-driver.ts'
import { isPostgresJs, type PostgresJs } from './postgres-js.ts'
import { splitUrl } from './url.ts'

interface DriverChoice {
  readonly table: Table
  connect(): Promise<PostgresDriver>
}

/** Throws `Misuse` for anything else. */
export function chosenDriver(given: PgPool | PostgresJs | string, options: TableOptions): DriverChoice {
  if (typeof given === 'string') {
    // The message leaves the URL out, because it may carry a password.
    if (!/^postgres(?:ql)?:\/\//.test(given)) {
      throw new Misuse('a URL for PostgreSQL looks like postgres://user:password@host:5432/database')
    }
    const { address, table } = splitUrl(given, options)
    return { table: tableOf(table), connect: () => driverOfUrl(address) }
  }
  const table = tableOf(options)
  if (isPostgresJs(given)) return { table, connect: () => driverOfPostgresJs(given) }
  if (isPgPool(given)) return { table, connect: async () => driverOfPool(given) }
  throw new Misuse(
    'postgres() takes a Pool of pg, an instance of postgres, or a URL. A single Client may stand in a transaction, and a rollback would undo a grant',
  )
}
