/** Which servers: what the caller gave, as something to connect to and something to say. No message repeats a password. */
import { Misuse } from '../../store/errors.ts'
import { addressOf, listOf, type ServerAddress as RedisServer, serverOf } from '../redis-driver/address.ts'
import { driverOf, type RedisClient } from '../redis-driver/client.ts'
import { connectServer } from '../redis-driver/connect.ts'
import type { OpenNode } from './node.ts'
import { NODES_MAX, NODES_MIN } from './limits.ts'
import { checkedNames, nameOfAddress, nameOfClient } from './server-names.ts'

export interface NodeAddress {
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
): readonly NodeAddress[] {
  const list = typeof nodes === 'string' ? serversOf(nodes) : nodes
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
  const addresses = list.map((each: RedisClient | RedisServer | string, index): NodeAddress => {
    const address = addressOfNode(each, index)
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

function addressOfNode(node: RedisClient | RedisServer | string, index: number): NodeAddress {
  if (typeof node === 'string') return addressOfServer(serverIn(node, index))
  if ('kind' in node) return addressOfServer(node)
  const port = driverOf(node)
  const name = nameOfClient(node)
  const openPort = async (): ReturnType<OpenNode> => ({ port, close: () => undefined })
  return { name: name ?? `node ${index + 1}`, isNumbered: name === undefined, openPort }
}

function addressOfServer(server: RedisServer): NodeAddress {
  const name = nameOfAddress(server.host, server.port, server.database)
  return { name, isNumbered: false, openPort: () => connectServer(server, ONCE) }
}

function serverIn(url: string, index: number): RedisServer {
  const address = addressOf(url)
  if (address.kind === 'server') return address
  throw new Misuse(`node ${index + 1} of Redlock is one server: its URL looks like redis://user:password@host:6379/0`)
}

/** `redlock://[user:password@]host:port[/database],…`: a node that names no user has the one of the first. */
function serversOf(url: string): readonly RedisServer[] {
  const scheme = /^redlock:\/\/(?=.)/i.exec(url)
  if (scheme === null) throw new Misuse(`a URL for Redlock looks like ${EXAMPLE}`)
  const at = scheme[0].length
  const servers = listOf({ text: url.slice(at), at }).map((part) => serverOf(part, false))
  const { username, password } = servers[0] ?? {}
  const login = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) }
  return servers.map((server) => (hasLogin(server) ? server : { ...server, ...login }))
}

function hasLogin({ username, password }: RedisServer): boolean {
  return username !== undefined || password !== undefined
}
