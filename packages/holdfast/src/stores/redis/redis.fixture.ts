/** Real servers and real drivers for the tests of this folder. */
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { type Claim, newClaimId } from '../../core/claim.ts'
import { systemClock } from '../../core/clock.ts'
import type { Facts, Held, Standing, Store } from '../../core/store.ts'
import type { Engine } from '../../../../lab/src/engines/engine.ts'
import { type RedisOptions, start } from '../../../../lab/src/engines/redis/server.ts'
import type { IoredisClient, NodeRedisClient } from '../shared/redis/client.ts'

export const never: AbortSignal = new AbortController().signal

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

  async opened(store: Store): Promise<Store> {
    await this.facts(store)
    return store
  }

  async facts(store: Store): Promise<Facts> {
    const facts = await store.open({ clock: systemClock, signal: never })
    this.#endings.push(() => store.close())
    return facts
  }

  ending(end: () => Promise<unknown> | void): void {
    this.#endings.push(end)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#endings.toReversed()) await end()
  }
}

export function claim(resource: string, changes: Partial<Claim> = {}): Claim {
  return {
    resource,
    id: newClaimId(),
    weight: 1,
    capacity: 1,
    ttlMs: 10_000,
    queue: true,
    lockDelayMs: 0,
    note: '',
    owner: 'test',
    ...changes,
  }
}

export function held(standing: Standing): Held {
  if (standing.kind !== 'held') throw new Error(`expected a held claim, got ${standing.kind}`)
  return standing
}

export async function takeAndLeave(store: Store, resource: string): Promise<bigint> {
  const asked = claim(resource)
  const { token } = held(await store.enter(asked))
  await store.leave({ resource, id: asked.id, token })
  return token
}
