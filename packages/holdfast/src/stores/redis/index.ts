/// <reference lib="esnext.disposable" preserve="true" />
/** Locks in Redis (or Valkey): one script a step, first come first served, and waiters are told when their turn comes. */
import type { Store } from '../../store/store.ts'
import { addressOf } from '../redis-driver/address.ts'
import { driverOf, type RedisClient } from '../redis-driver/client.ts'
import type { ConnectedDriver, RedisDriver, IoredisClusterClient } from '../redis-driver/driver.ts'
import { clusterDriverOf, type NodeRedisClusterClient } from '../redis-driver/cluster-clients.ts'
import { connectAddress } from '../redis-driver/connect.ts'
import { type NodeRedisSentinelClient, sentinelDriverOf } from '../redis-driver/sentinel-client.ts'
import { checkedPrefix } from '../redis-driver/prefix.ts'
import { redisStore } from './store.ts'

export type { IoredisClient, NodeRedisClient, RedisClient } from '../redis-driver/client.ts'
export type {
  ConnectedDriver,
  Hearer,
  Subscriptions,
  Primary,
  RedisDriver,
  IoredisClusterClient,
} from '../redis-driver/driver.ts'
export type { NodeRedisClusterClient } from '../redis-driver/cluster-clients.ts'
export type { NodeRedisSentinelClient } from '../redis-driver/sentinel-client.ts'

/** Of one server, of a Cluster, or of what Sentinels watch. */
export type AnyRedisClient = RedisClient | IoredisClusterClient | NodeRedisClusterClient | NodeRedisSentinelClient

export interface RedisOptions {
  /** All keys and channels begin with it: 1 to 64 letters, digits, or any of `_ . : -`. @default 'holdfast' */
  readonly prefix?: string
}

/**
 * A store over a client of ioredis or redis, which is never closed here, or over a URL, for which ioredis is loaded when
 * the store opens: `redis://` for one server, `redis+cluster://host,host` for a Cluster, `redis+sentinel://host,host/name`
 * for the primary that Sentinels watch, each with `rediss` for TLS, and `redis+unix:///path` for a socket of this machine. Either way more connections are made, to listen.
 * Opens nothing yet; throws `Misuse` when the arguments are wrong.
 */
export function redis(clientOrUrl: AnyRedisClient | string, options: RedisOptions = {}): Store {
  const prefix = checkedPrefix(options.prefix ?? 'holdfast')
  if (typeof clientOrUrl === 'string') {
    // Only looked at: the message leaves the URL out, because it may carry a password.
    addressOf(clientOrUrl)
    const connect = (signal: AbortSignal): Promise<ConnectedDriver> => connectAddress(clientOrUrl, signal)
    return redisStore(async (signal) => ({ ...(await connect(signal)), another: connect }), prefix)
  }
  const port = anyPortOf(clientOrUrl)
  return redisStore(async () => ({ port, close: () => undefined }), prefix)
}

function anyPortOf(client: AnyRedisClient): RedisDriver {
  const isObject = typeof client === 'object' && client !== null
  const port = isObject ? (clusterDriverOf(client) ?? sentinelDriverOf(client)) : undefined
  return port ?? driverOf(client as RedisClient)
}
