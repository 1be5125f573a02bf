/**
 * Cluster clients as people have them, through the same port as a single server. The driver knows where a key lives and
 * follows MOVED and ASK; here it is only told the key, asked for its primaries, and made to listen where messages are.
 */
import { onDisconnectOf } from './disconnects.ts'
import {
  type ConnectedDriver,
  type IoredisClusterClient,
  connectedOrEnded,
  endedClient,
  notConnected,
  refusePrefix,
  reconnectInMs,
  type Subscriptions,
  type Hearer,
  type Primary,
  type RedisDriver,
} from './driver.ts'

/** The part of a node-redis cluster (version 5 or 6) that is used. */
export interface NodeRedisClusterClient {
  readonly isOpen: boolean
  readonly masters: readonly { readonly address: string }[]
  sendCommand(firstKey: string | undefined, isReadonly: boolean, words: string[]): Promise<unknown>
  nodeClient(node: never): unknown
  duplicate(): NodeRedisClusterClient
  connect(): Promise<unknown>
  sSubscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
  sUnsubscribe(channel: string): Promise<unknown>
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
  destroy(): void
}

/** `undefined` for a client of something else. ioredis says what it is; node-redis' one is known by its list of masters. */
export function clusterDriverOf(client: object): RedisDriver | undefined {
  if ('isCluster' in client && client.isCluster === true) return ioredisClusterDriver(client as IoredisClusterClient)
  if ('masters' in client && 'sSubscribe' in client) return nodeRedisClusterDriver(client as NodeRedisClusterClient)
  return undefined
}

export function ioredisClusterDriver(cluster: IoredisClusterClient): RedisDriver {
  refusePrefix(cluster.options?.keyPrefix ?? cluster.options?.redisOptions?.keyPrefix)
  return {
    // Whatever its nodes are told to do, the Cluster itself sends again what a closed connection left unanswered.
    resends: cluster.options?.retryDelayOnFailover !== 0,
    onDisconnect: onDisconnectOf(cluster, ['-node']),
    another: () => anotherIoredisCluster(cluster),
    // It finds the key in the command by itself.
    send: ([command = '', ...args]) =>
      cluster.status === 'end' ? Promise.reject(endedClient()) : cluster.call(command, args),
    async primaries() {
      if (cluster.status === 'end') throw endedClient()
      // One that is made lazily knows its nodes when it has connected.
      if (cluster.status === 'wait') await cluster.connect()
      return cluster.nodes('master').map((node) => ({
        name: `${node.options.host}:${node.options.port}`,
        send: ([command = '', ...args]) => node.call(command, args),
      }))
    },
    listen: (hearer) => listenWithIoredis(cluster, hearer),
  }
}

async function anotherIoredisCluster(cluster: IoredisClusterClient): Promise<ConnectedDriver> {
  const own = cluster.duplicate([], { lazyConnect: true, clusterRetryStrategy: reconnectInMs, retryDelayOnFailover: 0 })
  await connectedOrEnded(own)
  return { port: ioredisClusterDriver(own), close: () => own.disconnect() }
}

async function listenWithIoredis(cluster: IoredisClusterClient, hearer: Hearer): Promise<Subscriptions> {
  const own = cluster.duplicate([], {
    lazyConnect: true,
    shardedSubscribers: true,
    clusterRetryStrategy: reconnectInMs,
  })
  // Versions that do not know the option would send SSUBSCRIBE to any node.
  const isSharded = 'shardedSubscribers' in own
  for (const event of ['message', 'smessage']) {
    own.on(event, (channel = '', message = '') => hearer.onMessage(channel, message))
  }
  own.on('-subscriber', () => hearer.onDown())
  await connectedOrEnded(own)
  // It subscribes again by itself, on another node if need be.
  for (const event of ['+subscriber', 'subscribersReady']) own.on(event, () => hearer.onUp())
  return {
    isSharded,
    async subscribe(channel) {
      await (isSharded ? own.ssubscribe(channel) : own.subscribe(channel))
    },
    async unsubscribe(channel) {
      await (isSharded ? own.sunsubscribe(channel) : own.unsubscribe(channel))
    },
    close: () => own.disconnect(),
  }
}

function nodeRedisClusterDriver(cluster: NodeRedisClusterClient): RedisDriver {
  return {
    onDisconnect: onDisconnectOf(cluster, ['node-error', 'node-reconnecting', 'node-disconnect']),
    async another() {
      const own = cluster.duplicate()
      own.on('error', () => undefined)
      await own.connect()
      return { port: nodeRedisClusterDriver(own), close: () => own.destroy() }
    },
    send: (words, key) =>
      cluster.isOpen ? cluster.sendCommand(key, false, [...words]) : Promise.reject(notConnected('cluster')),
    async primaries() {
      return cluster.masters.map((master): Primary => ({
        name: master.address,
        async send(words) {
          const node = (await cluster.nodeClient(master as never)) as {
            sendCommand(words: readonly string[]): Promise<unknown>
          }
          return node.sendCommand(words)
        },
      }))
    },
    async listen(hearer) {
      if (!cluster.isOpen) throw notConnected('cluster')
      const own = cluster.duplicate()
      own.on('error', () => hearer.onDown())
      own.on('node-error', () => hearer.onDown())
      await own.connect()
      own.on('node-ready', () => hearer.onUp())
      return {
        isSharded: true,
        async subscribe(channel) {
          await own.sSubscribe(channel, (message) => hearer.onMessage(channel, message))
        },
        async unsubscribe(channel) {
          await own.sUnsubscribe(channel)
        },
        close: () => own.destroy(),
      }
    },
  }
}
