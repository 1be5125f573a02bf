/** Real servers and real pools for the tests of this folder. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type PostgresOptions, start } from '@holdfast/testbed/engines/postgres/server'
import { Pool, type PoolConfig } from 'pg'
import postgresJs from 'postgres'
import type { OpenStore, Store } from '../../store/store.ts'
import { opened } from '../opened.fixture.ts'

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

/** Everything that a test started, so that it ends with the test. */
export class Stage implements AsyncDisposable {
  readonly #endings: (() => Promise<unknown> | void)[] = []

  async server(options: PostgresOptions = {}): Promise<Engine> {
    const engine = await start(options)
    this.#endings.push(() => engine.close())
    return engine
  }

  /** To be done when the test is over. */
  ending(end: () => Promise<unknown> | void): void {
    this.#endings.push(end)
  }

  /** A pool as a user would have one. */
  pool({ url }: Pick<Engine, 'url'>, options: PoolConfig = {}): Pool {
    const pool = new Pool({ connectionString: url, ...options })
    pool.on('error', () => undefined)
    this.#endings.push(() => pool.end())
    return pool
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
    const sql = postgresJs(url, { max, connection: session })
    this.#endings.push(() => sql.end({ timeout: 1 }))
    return {
      client: sql,
      async take() {
        const taken = await sql.reserve()
        return () => taken.release()
      },
    }
  }

  async opened(store: Store): Promise<OpenStore> {
    const open = await opened(store)
    this.#endings.push(() => open.close())
    return open
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#endings.toReversed()) await end()
  }
}
