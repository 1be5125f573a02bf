/// <reference lib="esnext.disposable" preserve="true" />
/** Redlock: one lock over several independent Redis servers, with fencing tokens that rise. */
import { Misuse } from '../../store/errors.ts'
import { TTL_MS_MAX, TTL_MS_MIN } from '../../store/limits.ts'
import type { Store } from '../../store/store.ts'
import type { RedisClient } from '../redis-driver/client.ts'
import { checkedPrefix } from '../redis-driver/prefix.ts'
import { addressesOf } from './addresses.ts'
import { RedlockKeys } from './keys.ts'
import { MAX_TTL_MS_DEFAULT } from './limits.ts'
import { redlockStore } from './store.ts'

export type { IoredisClient, NodeRedisClient, RedisClient } from '../redis-driver/client.ts'
export type { Hearer, Subscriptions, RedisDriver } from '../redis-driver/driver.ts'

export interface RedlockOptions {
  /** All keys and channels begin with it: 1 to 64 letters, digits, or any of `_ . : -`. @default 'holdfast' */
  readonly prefix?: string
  /**
   * The longest lease anybody takes here, in whole milliseconds from 100 to 86 400 000. A node that lost its data is kept
   * out for this long and 7 s more, so keep it short. Every client should give the same. @default 60000
   */
  readonly maxTtl?: number
  /**
   * What it means when no node has any data. `auto`: a first start, so locks are granted at once. `delay`: all data may
   * have been lost together, so nothing is granted until every old lease is over. @default 'auto'
   */
  readonly bootstrap?: 'auto' | 'delay'
}

/**
 * A store over three to fifteen servers, each given as a client of ioredis or redis, which is never closed here, or as a
 * `redis:` or `rediss:` URL, for which ioredis is loaded when the store opens; or over all of them as one URL
 * `redlock://[user:password@]host:port[/database],host:port,…`. To each server one more connection is made, to listen.
 * Opens nothing yet; throws `Misuse` when the arguments are wrong. Opening works when a majority of the servers answers.
 */
export function redlock(nodes: readonly (RedisClient | string)[] | string, options: RedlockOptions = {}): Store {
  const { prefix = 'holdfast', maxTtl = MAX_TTL_MS_DEFAULT, bootstrap = 'auto' } = options
  if (!Number.isInteger(maxTtl) || maxTtl < TTL_MS_MIN || maxTtl > TTL_MS_MAX) {
    throw new Misuse(`maxTtl must be a whole number of milliseconds from ${TTL_MS_MIN} to ${TTL_MS_MAX}`)
  }
  if (bootstrap !== 'auto' && bootstrap !== 'delay') throw new Misuse("bootstrap must be 'auto' or 'delay'")
  const keys = new RedlockKeys(checkedPrefix(prefix))
  return redlockStore({ addresses: addressesOf(nodes), keys, maxTtlMs: maxTtl, bootstrap })
}
