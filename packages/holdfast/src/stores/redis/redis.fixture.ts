/** Real servers and real drivers for the tests of this folder. */
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import type { OpenStore, Store } from '../../store/store.ts'
import type { Facts } from '../../store/facts.ts'
import type { Engine } from '@holdfast/testbed/engines/engine'
import { type RedisOptions, start } from '@holdfast/testbed/engines/redis/server'
import { opened } from '../opened.fixture.ts'
import type { IoredisClient, NodeRedisClient } from '../redis-driver/client.ts'

export { again, claim, held, takeAndLeave, turnOf } from '../claims.fixture.ts'

/** Everything that a test started, so that it ends with the test. */
export class Stage implements AsyncDisposable {
  readonly #endings: (() => Promise<unknown> | void)[] = []

  async server(options: RedisOptions = {}): Promise<Engine> {
    const engine = await start(options)
    this.#endings.push(() => engine.close())
    return engine
  }

  /** A client as a user would have one. */
  client({ url }: Pick<Engine, 'url'>): Redis & IoredisClient {
    const client = new Redis(url)
    client.on('error', () => undefined)
    this.#endings.push(() => client.disconnect())
    return client
  }

  /** The same of the other driver. */
  async nodeRedis({ url }: Pick<Engine, 'url'>): Promise<NodeRedisClient> {
    const client = createClient({ url })
    client.on('error', () => undefined)
    await client.connect()
    this.#endings.push(() => client.destroy())
    return client
  }

  async opened(store: Store): Promise<OpenStore> {
    const open = await opened(store)
    this.#endings.push(() => open.close())
    return open
  }

  async facts(store: Store): Promise<Facts> {
    return (await this.opened(store)).facts
  }

  ending(end: () => Promise<unknown> | void): void {
    this.#endings.push(end)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#endings.toReversed()) await end()
  }
}
