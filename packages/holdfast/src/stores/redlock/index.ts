/// <reference lib="esnext.disposable" preserve="true" />
/** Redlock: one lock over several independent Redis servers, with fencing tokens that rise. */
import type { Store } from '../../store/store.ts'
import type { RedisClient } from '../redis-driver/client.ts'
import { planOf, type RedlockOptions } from './plan.ts'
import { type RedlockServers, ServersOfRedlock } from './servers.ts'
import { redlockStore } from './store.ts'

export type { FinishOptions, RedlockServer, RedlockServers, RedlockStep } from './servers.ts'
export type { FormerServers, RedlockOptions } from './plan.ts'
export type { IoredisClient, NodeRedisClient, RedisClient } from '../redis-driver/client.ts'
export type { Hearer, Subscriptions, RedisDriver } from '../redis-driver/driver.ts'

/**
 * A store over three to fifteen servers, each given as a client of ioredis or redis, which is never closed here, or as a
 * `redis:` or `rediss:` URL, for which ioredis is loaded when the store opens; or over all of them as one URL
 * `redlock://[user:password@]host:port[/database],host:port,…`, with the options behind `?` as in
 * `?maxTtl=600000&from=host:port,…`. To each server one more connection is made, to listen.
 * Opens nothing yet; throws `Misuse` when the arguments are wrong. Opening works when a majority of the servers answers.
 */
export function redlock(nodes: readonly (RedisClient | string)[] | string, options: RedlockOptions = {}): Store {
  return redlockStore(planOf(nodes, options))
}

/**
 * The servers of a Redlock for those who operate them, given as for `redlock()`: which list each of them is under, and the
 * steps by which that list is changed. Connects at the first call; `close` it in the end.
 *
 * @example
 * await using servers = redlockServers('redlock://a,b,c,d,e?from=a,b,c')
 * for (const { name, under } of await servers.status()) console.log(name, under)
 */
export function redlockServers(
  nodes: readonly (RedisClient | string)[] | string,
  options: RedlockOptions = {},
): RedlockServers {
  return new ServersOfRedlock(planOf(nodes, options))
}
