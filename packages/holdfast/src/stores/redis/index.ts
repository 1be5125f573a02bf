/** Locks in Redis (or Valkey): one script a step, first come first served, and waiters are told when their turn comes. */
import type { Store } from '../../core/store.ts'
import { addressOf } from '../shared/redis/address.ts'
import { portOf, type RedisClient, type RedisPort } from '../shared/redis/client.ts'
import {
  clusterPortOf,
  type IoredisClusterClient,
  type NodeRedisClusterClient,
} from '../shared/redis/cluster-clients.ts'
import { connectAddress } from '../shared/redis/connect.ts'
import { type NodeRedisSentinelClient, sentinelPortOf } from '../shared/redis/sentinel-client.ts'
import { checkedPrefix } from '../shared/redis/prefix.ts'
import { RedisStore } from './store.ts'

export type {
  Hearer,
  IoredisClient,
  Listener,
  NodeRedisClient,
  Primary,
  RedisClient,
  RedisPort,
} from '../shared/redis/client.ts'
export type { IoredisClusterClient, NodeRedisClusterClient } from '../shared/redis/cluster-clients.ts'
export type { NodeRedisSentinelClient } from '../shared/redis/sentinel-client.ts'

/** Of one server, of a Cluster, or of what Sentinels watch. */
export type AnyRedisClient = RedisClient | IoredisClusterClient | NodeRedisClusterClient | NodeRedisSentinelClient

export interface RedisOptions {
  /** All keys and channels begin with it: 1 to 64 letters, digits, or any of `_ . : -`. @default 'holdfast' */
  readonly prefix?: string
}

/**
 * A store over a client of ioredis or redis, which is never closed here, or over a URL, for which ioredis is loaded when
 * the store opens: `redis://` for one server, `redis+cluster://host,host` for a Cluster, `redis+sentinel://host,host/name`
 * for the primary that Sentinels watch, each with `rediss` for TLS. Either way more connections are made, to listen.
 * Opens nothing yet; throws `Misuse` when the arguments are wrong.
 */
export function redis(clientOrUrl: AnyRedisClient | string, options: RedisOptions = {}): Store {
  const prefix = checkedPrefix(options.prefix ?? 'holdfast')
  if (typeof clientOrUrl === 'string') {
    // Only looked at: the message leaves the URL out, because it may carry a password.
    addressOf(clientOrUrl)
    return new RedisStore((signal) => connectAddress(clientOrUrl, signal), prefix)
  }
  const port = anyPortOf(clientOrUrl)
  return new RedisStore(async () => ({ port, close: () => undefined }), prefix)
}

function anyPortOf(client: AnyRedisClient): RedisPort {
  const isObject = typeof client === 'object' && client !== null
  const port = isObject ? (clusterPortOf(client) ?? sentinelPortOf(client)) : undefined
  return port ?? portOf(client as RedisClient)
}
