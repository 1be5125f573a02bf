/** Real servers and real pools for the tests of this folder. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { start } from '@holdfast/testbed/engines/mariadb/server'
import type { MysqlOptions } from '@holdfast/testbed/engines/mysql/process'
import { createPool as createMariadbPool, type PoolConfig } from 'mariadb'
import { createPool, type Pool, type PoolOptions } from 'mysql2/promise'
import { DatabaseStage } from '../stage.fixture.ts'
import type { MysqlPool } from './index.ts'

export class Stage extends DatabaseStage {
  server(options: MysqlOptions = {}): Promise<Engine> {
    return this.started(start(options))
  }

  /** A pool as a user would have one. */
  pool({ url }: Pick<Engine, 'url'>, options: PoolOptions = {}): Pool {
    const pool = createPool({ uri: url, ...options })
    return this.keep(pool, () => pool.end())
  }

  mariadbPool({ url }: Pick<Engine, 'url'>, options: PoolConfig = {}): MysqlPool {
    const { hostname: host, port, username: user, password, pathname } = new URL(url)
    const pool = createMariadbPool({
      host,
      port: Number(port),
      user,
      password,
      database: pathname.slice(1),
      ...options,
    })
    return this.keep(pool, () => pool.end())
  }
}

/** The URL of another user. */
export function as(user: string, { url }: Pick<Engine, 'url'>): string {
  return url.replace('root@', `${user}@`)
}
