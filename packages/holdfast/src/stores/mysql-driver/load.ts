/** Which driver a pool or a URL means, loaded where it is needed. */
import { StoreUnavailable } from '../../store/errors.ts'
import type { MysqlDriver, OnMade } from './driver.ts'
import { mysqlError } from './errors.ts'
import { isMariadbPool, type MariadbModule, mariadbOfPool, mariadbOfUrl, type MariadbPool } from './mariadb.ts'
import { isMysql2Pool, mysql2OfPool, type Mysql2Module, mysql2OfUrl, type Mysql2Pool } from './mysql2.ts'

/** A pool of `mysql2/promise` or of `mariadb`. */
export type MysqlPool = Mysql2Pool | MariadbPool

export function isMysqlPool(value: unknown): value is MysqlPool {
  return isMysql2Pool(value) || isMariadbPool(value)
}

/** Throws what a store may throw. */
export async function driverOf(poolOrUrl: MysqlPool | string, onMade: OnMade): Promise<MysqlDriver> {
  try {
    return await loadedDriver(poolOrUrl, onMade)
  } catch (error) {
    throw mysqlError(error, 'opening', true)
  }
}

async function loadedDriver(poolOrUrl: MysqlPool | string, onMade: OnMade): Promise<MysqlDriver> {
  if (typeof poolOrUrl !== 'string') {
    return isMysql2Pool(poolOrUrl)
      ? mysql2OfPool(poolOrUrl, onMade)
      : await mariadbOfPool(moduleIn(await import('mariadb').catch(missing)), poolOrUrl, onMade)
  }
  const url = poolOrUrl.replace(/^\w+:/, 'mariadb:')
  const mysql2 = await import('mysql2/promise').catch(() => undefined)
  if (mysql2 !== undefined) return mysql2OfUrl(moduleIn<Mysql2Module>(mysql2), url, onMade)
  return await mariadbOfUrl(moduleIn(await import('mariadb').catch(missing)), url, onMade)
}

/** A package of either kind has its functions in different places. */
function moduleIn<Module extends Mysql2Module | MariadbModule>(loaded: unknown): Module {
  const module = loaded as Module & { readonly default?: Module }
  return module.default ?? module
}

function missing(cause: unknown): never {
  throw new StoreUnavailable(
    'a mysql: URL needs the package mysql2 or mariadb: npm install mysql2, or give mysql() a pool of your own',
    { cause, isFinal: true },
  )
}
