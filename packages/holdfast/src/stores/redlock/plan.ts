/** What the caller of `redlock()` gave, checked before anything is opened: servers, lists of servers, options. */
import { Misuse } from '../../store/errors.ts'
import { TTL_MS_MAX, TTL_MS_MIN } from '../../store/limits.ts'
import type { RedisClient } from '../redis-driver/client.ts'
import { checkedPrefix } from '../redis-driver/prefix.ts'
import { addressesOf, type NodeAddress } from './addresses.ts'
import type { GivenList } from './agreement.ts'
import { RedlockKeys } from './keys.ts'
import { NODES_MAX } from './limits.ts'
import type { JoinPlan } from './open.ts'

export interface RedlockOptions {
  /** All keys and channels begin with it: 1 to 64 letters, digits, or any of `_ . : -`. @default 'holdfast' */
  readonly prefix?: string
  /**
   * The longest lease anybody takes here, in whole milliseconds from 100 to 86 400 000. A node that lost its data is kept
   * out for this long and 7 s more, so keep it short. All clients must have the same. @default what the first client gave
   * to these servers, 60000 at a first start
   */
  readonly maxTtl?: number
  /**
   * What the servers are called, one name for each in the same order. All clients must call them alike, or they are
   * refused: needed where they reach the servers under different addresses. @default host and port
   */
  readonly names?: readonly string[]
  /**
   * The list that is being changed into this one: then a lock needs a majority of both lists. Only for the time in which
   * some clients still have the old list; see docs/redlock.md#changing-the-servers. @default nothing is changed
   */
  readonly from?: FormerServers
  /**
   * What it means when no node has any data. `auto`: a first start, so locks are granted at once. `delay`: all data may
   * have been lost together, so nothing is granted until every old lease is over. @default 'auto'
   */
  readonly bootstrap?: 'auto' | 'delay'
}

/** The servers of before, given as those of today are. A server that stays has the same name in both lists. */
export interface FormerServers {
  readonly nodes: readonly (RedisClient | string)[] | string
  readonly names?: readonly string[]
  readonly maxTtl?: number
}

type Servers = readonly (RedisClient | string)[] | string

export function planOf(nodes: Servers, options: RedlockOptions): JoinPlan {
  const [servers, asked] = typeof nodes === 'string' ? fromUrl(nodes, options) : [nodes, options]
  const { prefix = 'holdfast', bootstrap = 'auto', from } = asked
  if (bootstrap !== 'auto' && bootstrap !== 'delay') throw new Misuse("bootstrap must be 'auto' or 'delay'")
  const keys = new RedlockKeys(checkedPrefix(prefix))
  const to = listed(servers, asked)
  const former = from === undefined ? undefined : listed(from.nodes, from)
  const addresses = [...to.addresses, ...removedFrom(former?.addresses ?? [], to.addresses)]
  if (addresses.length > NODES_MAX) {
    throw new Misuse(
      `the old and the new list together have more than ${NODES_MAX} servers: change some of them at a time`,
    )
  }
  const lists = { names: addresses.map(({ name }) => name), to: to.list, from: former?.list }
  return { addresses, lists, keys, bootstrap }
}

function listed(
  nodes: Servers,
  { names, maxTtl }: Pick<FormerServers, 'names' | 'maxTtl'>,
): { readonly addresses: readonly NodeAddress[]; readonly list: GivenList } {
  if (maxTtl !== undefined && (!Number.isInteger(maxTtl) || maxTtl < TTL_MS_MIN || maxTtl > TTL_MS_MAX)) {
    throw new Misuse(`maxTtl must be a whole number of milliseconds from ${TTL_MS_MIN} to ${TTL_MS_MAX}`)
  }
  const addresses = addressesOf(nodes, names)
  return { addresses, list: { names: addresses.map(({ name }) => name), maxTtlMs: maxTtl } }
}

function removedFrom(former: readonly NodeAddress[], stay: readonly NodeAddress[]): readonly NodeAddress[] {
  return former.filter(({ name }) => stay.every((other) => other.name !== name))
}

const URL_OPTIONS = ['maxTtl', 'names', 'from', 'fromNames', 'fromMaxTtl']

/** The options of a URL: `?maxTtl=600000&from=host:port,host:port`. What the caller says beside the URL wins. */
function fromUrl(url: string, options: RedlockOptions): readonly [string, RedlockOptions] {
  const [servers = '', query, ...rest] = url.split('?')
  if (query === undefined) return [url, options]
  const said = new URLSearchParams(query)
  const unknown = [...said.keys()].find((key) => !URL_OPTIONS.includes(key))
  if (unknown !== undefined || rest.length > 0) {
    throw new Misuse(
      `behind the ? of a URL for Redlock there may be ${URL_OPTIONS.join(', ')}, and not ${unknown ?? '?'}`,
    )
  }
  const login = servers.slice('redlock://'.length).split(',')[0] ?? ''
  const user = login.includes('@') ? login.slice(0, login.lastIndexOf('@') + 1) : ''
  const former = said.get('from')
  const maxTtl = numberIn(said, 'maxTtl')
  const names = namesIn(said, 'names')
  const fromMaxTtl = numberIn(said, 'fromMaxTtl')
  const fromNames = namesIn(said, 'fromNames')
  const from =
    former === null
      ? undefined
      : {
          nodes: `redlock://${former.includes('@') ? '' : user}${former}`,
          ...(fromNames === undefined ? {} : { names: fromNames }),
          ...(fromMaxTtl === undefined ? {} : { maxTtl: fromMaxTtl }),
        }
  return [
    servers,
    {
      ...(maxTtl === undefined ? {} : { maxTtl }),
      ...(names === undefined ? {} : { names }),
      ...(from === undefined ? {} : { from }),
      ...options,
    },
  ]
}

function numberIn(said: URLSearchParams, key: string): number | undefined {
  const text = said.get(key)
  return text === null ? undefined : /^\d+$/.test(text) ? Number(text) : Number.NaN
}

function namesIn(said: URLSearchParams, key: string): readonly string[] | undefined {
  return said.get(key)?.split(',')
}
