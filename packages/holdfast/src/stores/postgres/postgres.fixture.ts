/** Real servers and real pools for the tests of this folder. */
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type PostgresOptions, start } from '@holdfast/testbed/engines/postgres/server'
import { Pool, type PoolConfig } from 'pg'
import type { OpenStore, Store } from '../../store/store.ts'
import { opened } from '../opened.fixture.ts'

/** Everything that a test started, so that it ends with the test. */
export class Stage implements AsyncDisposable {
  readonly #endings: (() => Promise<unknown> | void)[] = []

  async server(options: PostgresOptions = {}): Promise<Engine> {
    const engine = await start(options)
    this.#endings.push(() => engine.close())
    return engine
  }

  /** A pool as a user would have one. */
  pool({ url }: Pick<Engine, 'url'>, options: PoolConfig = {}): Pool {
    const pool = new Pool({ connectionString: url, ...options })
    pool.on('error', () => undefined)
    this.#endings.push(() => pool.end())
    return pool
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
