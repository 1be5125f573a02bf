/**
 * The drivers, through the few members that are used: raw commands, and a second connection that listens. ioredis and
 * node-redis fit as they are; an adapter for another driver is an object with `send` and `listen`.
 */
import { onDisconnectOf } from './disconnects.ts'
import {
  type ConnectedDriver,
  connectedOrEnded,
  endedClient,
  type Hearer,
  notConnected,
  reconnectInMs,
  type RedisDriver,
  refusePrefix,
  type Subscriptions,
} from './driver.ts'
import { Misuse } from '../../store/errors.ts'
import { lastWordsOf } from './last-words.ts'
import { ownOptions } from './own-options.ts'

/** The part of an ioredis client that is used. */
export interface IoredisClient {
  readonly status: string
  readonly options?: {
    readonly sentinels?: readonly unknown[] | undefined
    readonly autoResendUnfulfilledCommands?: boolean | undefined
    readonly keyPrefix?: string | undefined
    readonly db?: number | undefined
  }
  /** What it keeps over a reconnect. */
  readonly condition?: { readonly select?: number | undefined } | null | undefined
  call(command: string, args: string[]): Promise<unknown>
  duplicate(override?: object): IoredisClient
  connect(): Promise<unknown>
  subscribe(...channels: string[]): Promise<unknown>
  unsubscribe(...channels: string[]): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: string, listener: (...words: string[]) => void): unknown
  off(event: 'error', listener: (error: Error) => void): unknown
  off(event: string, listener: () => void): unknown
  disconnect(reconnect?: boolean): void
}

/** The part of a node-redis client (version 5 or 6) that is used. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  readonly isReady: boolean
  sendCommand(words: readonly string[]): Promise<unknown>
  duplicate(): NodeRedisClient
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: string, listener: (error: Error) => void): unknown
  off(event: string, listener: (error: Error) => void): unknown
  destroy(): void
}

export type RedisClient = IoredisClient | NodeRedisClient | RedisDriver

const CLUSTER_REFUSED =
  'a Redis Cluster is a store of its own: give one Cluster client (ioredis, or redis version 5 or newer) to redis(), and no ' +
  'other beside it. Redlock takes single servers, whose votes it counts'

/** Recognised by its members. Throws `Misuse` for anything else, and for a Cluster. */
export function driverOf(client: RedisClient): RedisDriver {
  if (typeof client !== 'object' || client === null) throw new Misuse('redis() takes a client or a redis: URL')
  if (isCluster(client)) throw new Misuse(CLUSTER_REFUSED)
  if ('totalClients' in client) {
    throw new Misuse(
      'redis() takes one client and no pool, because it makes the connections it needs itself: give it createClient()',
    )
  }
  if ('sendCommand' in client && 'isOpen' in client) return nodeRedisDriver(client)
  if ('call' in client) return ioredisDriver(client)
  if ('send' in client && 'listen' in client) return client
  throw new Misuse(
    'redis() takes a client of ioredis or redis (version 5 or newer), an object { send, listen }, or a redis: URL',
  )
}

/** ioredis says so; node-redis' one is known by its list of masters. */
function isCluster(client: object): boolean {
  return ('isCluster' in client && client.isCluster === true) || 'masters' in client
}

export function ioredisDriver(client: IoredisClient): RedisDriver {
  const { sentinels, autoResendUnfulfilledCommands, keyPrefix } = client.options ?? {}
  refusePrefix(keyPrefix)
  const failsOver = (sentinels ?? []).length > 0
  const words = lastWordsOf(client)
  return {
    failsOver,
    resends: autoResendUnfulfilledCommands !== false,
    onDisconnect: onDisconnectOf(client, ['close']),
    isConnected: () => client.status === 'ready',
    another: () => anotherIoredis(client),
    trouble: () => words.last,
    // When the server refuses the number, ioredis stays in database 0.
    get database() {
      return client.condition?.select ?? client.options?.db
    },
    send(command) {
      const { status } = client
      if (status === 'end') return Promise.reject(endedClient(!failsOver))
      if (status !== 'ready') words.listen()
      return client.call(command[0] ?? '', command.slice(1))
    },
    listen: (hearer) => listenWithIoredis(client, hearer, failsOver),
  }
}

/** Whatever the caller's client does when it has no answer, ours neither waits for ever nor sends again. */
async function anotherIoredis(client: IoredisClient): Promise<ConnectedDriver> {
  const own = client.duplicate({ ...ownOptions, failoverDetector: false })
  await connectedOrEnded(own)
  return { port: ioredisDriver(own), close: () => own.disconnect() }
}

async function listenWithIoredis(client: IoredisClient, hearer: Hearer, failsOver: boolean): Promise<Subscriptions> {
  const own = client.duplicate({
    lazyConnect: true,
    // A server with too many connections answers the first command alone.
    disableClientInfo: true,
    maxRetriesPerRequest: null,
    autoResubscribe: false,
    retryStrategy: reconnectInMs,
    // A message of it in the middle of a reconnect ends the client for good.
    failoverDetector: false,
  })
  const channels = new Set<string>()
  own.on('message', (channel = '', message = '') => hearer.onMessage(channel, message))
  own.on('close', () => hearer.onDown())
  await connectedOrEnded(own)
  own.on('ready', () => {
    if (channels.size > 0)
      own.subscribe(...channels).then(
        () => hearer.onUp(),
        () => undefined,
      )
  })
  // Who only listens does not notice that another server has the part: it goes where the commands have gone.
  const follow = (): void => {
    if (own.status === 'ready') own.disconnect(true)
  }
  if (failsOver) client.on('ready', follow)
  return {
    async subscribe(channel) {
      channels.add(channel)
      await own.subscribe(channel)
    },
    async unsubscribe(channel) {
      channels.delete(channel)
      await own.unsubscribe(channel)
    },
    close() {
      client.off('ready', follow)
      own.disconnect()
    },
  }
}

function nodeRedisDriver(client: NodeRedisClient): RedisDriver {
  const words = lastWordsOf(client)
  return {
    onDisconnect: onDisconnectOf(client, ['reconnecting', 'end']),
    async another() {
      const own = client.duplicate()
      await connectedOrDestroyed(own)
      return { port: nodeRedisDriver(own), close: () => own.destroy() }
    },
    trouble: () => words.last,
    send(command) {
      if (!client.isOpen) return Promise.reject(notConnected())
      if (!client.isReady) words.listen()
      return client.sendCommand(command)
    },
    async listen(hearer) {
      if (!client.isOpen) throw notConnected()
      const own = client.duplicate()
      own.on('error', () => hearer.onDown())
      await connectedOrDestroyed(own)
      // It subscribes again by itself before it says that it is ready.
      own.on('ready', () => hearer.onUp())
      return {
        async subscribe(channel) {
          await own.subscribe(channel, (message) => hearer.onMessage(channel, message))
        },
        async unsubscribe(channel) {
          await own.unsubscribe(channel)
        },
        close: () => own.destroy(),
      }
    },
  }
}

/** It would try again without end; the caller does that, and is told why. */
async function connectedOrDestroyed(own: NodeRedisClient): Promise<void> {
  const { promise: failure, reject } = Promise.withResolvers<never>()
  own.on('error', reject)
  try {
    await Promise.race([own.connect(), failure])
  } catch (error) {
    if (own.isOpen) own.destroy()
    throw error
  }
}
