/** Real servers and real pools for the tests of this folder. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type PostgresOptions, start } from '@holdfast/testbed/engines/postgres/server'
import { Pool, type PoolConfig } from 'pg'
import postgresJs from 'postgres'
import { DatabaseStage } from '../stage.fixture.ts'

/** The drivers that a store is given. */
export const drivers = ['pg', 'postgres'] as const

export interface ClientOptions {
  readonly max?: number
  /** Settings of its sessions. */
  readonly session?: Readonly<Record<string, string>>
}

/** A pool as a user would have one, of either driver. */
export interface UserPool {
  readonly client: Pool | postgresJs.Sql
  /** Takes one connection out, and gives it back. */
  take(): Promise<() => void>
}

export class Stage extends DatabaseStage {
  server(options: PostgresOptions = {}): Promise<Engine> {
    return this.started(start(options))
  }

  /** To be done when the test is over. */
  ending(end: () => Promise<unknown> | void): void {
    this.keep(undefined, end)
  }

  /** A pool as a user would have one. */
  pool({ url }: Pick<Engine, 'url'>, options: PoolConfig = {}): Pool {
    const pool = new Pool({ connectionString: url, ...options })
    pool.on('error', () => undefined)
    return this.keep(pool, () => pool.end())
  }

  userPool(driver: (typeof drivers)[number], { url }: Pick<Engine, 'url'>, options: ClientOptions = {}): UserPool {
    const { max = 10, session = {} } = options
    if (driver === 'pg') {
      const words = Object.entries(session).map(([name, value]) => `-c ${name}=${value}`)
      const pool = this.pool({ url }, { max, options: words.join(' ') })
      return {
        client: pool,
        async take() {
          const taken = await pool.connect()
          return () => taken.release()
        },
      }
    }
    const sql = this.keep(postgresJs(url, { max, connection: session }), (each) => each.end({ timeout: 1 }))
    return {
      client: sql,
      async take() {
        const taken = await sql.reserve()
        return () => taken.release()
      },
    }
  }
}
