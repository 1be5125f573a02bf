/** Locks in Redis (or Valkey): one script a step, first come first served, and waiters are told when their turn comes. */
import { Misuse } from '../../core/errors.ts'
import type { Store } from '../../core/store.ts'
import { connectUrl, portOf, type RedisClient } from '../shared/redis/client.ts'
import { checkedPrefix } from '../shared/redis/prefix.ts'
import { RedisStore } from './store.ts'

export type {
  Hearer,
  IoredisClient,
  Listener,
  NodeRedisClient,
  RedisClient,
  RedisPort,
} from '../shared/redis/client.ts'

export interface RedisOptions {
  /** All keys and channels begin with it: 1 to 64 letters, digits, or any of `_ . : -`. @default 'holdfast' */
  readonly prefix?: string
}

/**
 * A store over a client of ioredis or redis, which is never closed here, or over a `redis:` or `rediss:` URL, for which
 * ioredis is loaded when the store opens. Either way one more connection is made, to listen. Opens nothing yet; throws
 * `Misuse` when the arguments are wrong.
 */
export function redis(clientOrUrl: RedisClient | string, options: RedisOptions = {}): Store {
  const prefix = checkedPrefix(options.prefix ?? 'holdfast')
  if (typeof clientOrUrl === 'string') {
    const url = checkedUrl(clientOrUrl)
    return new RedisStore(() => connectUrl(url), prefix)
  }
  const port = portOf(clientOrUrl)
  return new RedisStore(async () => ({ port, close: () => undefined }), prefix)
}

/** The message leaves the URL out, because it may carry a password. */
function checkedUrl(url: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined
  if (protocol === 'redis:' || protocol === 'rediss:') return url
  throw new Misuse('a Redis URL looks like redis://user:password@host:6379/0, or rediss: for TLS')
}
