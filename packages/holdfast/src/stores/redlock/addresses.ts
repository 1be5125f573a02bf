/** Which servers: what the caller gave, as something to connect to and something to say. No message repeats a password. */
import { Misuse } from '../../store/errors.ts'
import { connectUrl, driverOf, type RedisClient } from '../redis-driver/client.ts'
import type { OpenNode } from './node.ts'
import { NODES_MAX, NODES_MIN } from './limits.ts'
import { checkedNames, nameOfAddress, nameOfClient } from './server-names.ts'

export interface ServerAddress {
  /** The same for all clients: host and port, or what the caller calls it; the place in the list where neither is known. */
  readonly name: string
  readonly isNumbered: boolean
  readonly openPort: OpenNode
}

const EXAMPLE = 'redlock://user:password@host-1:6379/0,host-2:6379,host-3:6379'

/**
 * What a vote was asked for is asked once: a client of our own neither keeps commands for later nor sends them again,
 * and says at once that it is not connected.
 */
const ONCE = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 } as const

export function addressesOf(
  nodes: readonly (RedisClient | string)[] | string,
  given?: readonly string[],
): readonly ServerAddress[] {
  const list = typeof nodes === 'string' ? urlsOf(nodes) : nodes
  if (!Array.isArray(list)) throw new Misuse(`redlock() takes a list of clients or URLs, or one URL: ${EXAMPLE}`)
  if (list.length < NODES_MIN) {
    throw new Misuse(
      `redlock() needs at least ${NODES_MIN} servers, and got ${list.length}: with fewer the loss of any one of them stops ` +
        'all locks, so it would only be slower than one. Use holdfast/redis for one server',
    )
  }
  if (list.length > NODES_MAX) {
    throw new Misuse(
      `redlock() takes at most ${NODES_MAX} servers, and got ${list.length}: every attempt asks each of them`,
    )
  }
  const called = given === undefined ? undefined : checkedNames(given, list.length)
  const addresses = list.map((each: RedisClient | string, index): ServerAddress => {
    const address = addressOf(each, index)
    const name = called?.[index]
    return name === undefined ? address : { ...address, name, isNumbered: false }
  })
  const names = addresses.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) throw new Misuse(sameServer(twice, twice))
  return addresses
}

export function sameServer(one: string, other: string): string {
  return `redlock() got one server twice (${one} and ${other}): it would have two votes, and its failure would count twice`
}

function addressOf(client: RedisClient | string, index: number): ServerAddress {
  if (typeof client === 'string') {
    const url = checkedUrl(client)
    const { hostname, port, pathname } = new URL(url)
    const name = nameOfAddress(hostname, port === '' ? undefined : Number(port), Number(pathname.slice(1)))
    return { name, isNumbered: false, openPort: () => connectUrl(url, ONCE) }
  }
  const port = driverOf(client)
  const name = nameOfClient(client)
  const openPort = async (): ReturnType<OpenNode> => ({ port, close: () => undefined })
  return { name: name ?? `node ${index + 1}`, isNumbered: name === undefined, openPort }
}

function checkedUrl(url: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined
  if (protocol === 'redis:' || protocol === 'rediss:') return url
  throw new Misuse('a node of Redlock looks like redis://user:password@host:6379/0, or rediss: for TLS')
}

/** `redlock://[user:password@]host:port[/database],…`: a node that names no user has the one of the first. */
function urlsOf(url: string): readonly string[] {
  const rest = /^redlock:\/\/(.+)$/i.exec(url)?.[1]
  if (rest === undefined) throw new Misuse(`a URL for Redlock looks like ${EXAMPLE}`)
  const nodes = rest.split(',')
  const user = nodes[0]?.includes('@') === true ? nodes[0].slice(0, nodes[0].lastIndexOf('@') + 1) : ''
  return nodes.map((node) => `redis://${node.includes('@') ? '' : user}${node}`)
}
