/**
 * The drivers, through the few members that are used: raw commands, and a second connection that listens. ioredis and
 * node-redis fit as they are; an adapter for another driver is an object with `send` and `listen`.
 */
import {
  connectedOrEnded,
  type Connecting,
  type IoredisClusterClient,
  reconnectInMs,
  type RedisDriver,
  refusePrefix,
} from './driver.ts'
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../../store/limits.ts'

/** The part of an ioredis client that is used. */
export interface IoredisClient {
  readonly status: string
  readonly options?: {
    readonly sentinels?: readonly unknown[] | undefined
    readonly autoResendUnfulfilledCommands?: boolean | undefined
    readonly keyPrefix?: string | undefined
  }
  call(command: string, args: string[]): Promise<unknown>
  duplicate(override?: object): IoredisClient
  connect(): Promise<unknown>
  subscribe(...channels: string[]): Promise<unknown>
  unsubscribe(...channels: string[]): Promise<unknown>
  on(event: string, listener: (...words: string[]) => void): unknown
  off(event: string, listener: () => void): unknown
  disconnect(reconnect?: boolean): void
}

/** The part of a node-redis client (version 5 or 6) that is used. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  sendCommand(words: readonly string[]): Promise<unknown>
  duplicate(): NodeRedisClient
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  on(event: string, listener: () => void): unknown
  destroy(): void
}

export type RedisClient = IoredisClient | NodeRedisClient | RedisDriver

export const CLUSTER_REFUSED =
  'Redis Cluster is not supported by this version: use a single server, or a primary with replicas'

/** Recognised by its members. Throws `Misuse` for anything else, and for a Cluster. */
export function driverOf(client: RedisClient): RedisDriver {
  if (typeof client !== 'object' || client === null) throw new Misuse('redis() takes a client or a redis: URL')
  if (isCluster(client)) throw new Misuse(CLUSTER_REFUSED)
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

function ioredisDriver(client: IoredisClient): RedisDriver {
  const { sentinels, autoResendUnfulfilledCommands, keyPrefix } = client.options ?? {}
  refusePrefix(keyPrefix)
  const failsOver = (sentinels ?? []).length > 0
  return {
    failsOver,
    resends: autoResendUnfulfilledCommands !== false,
    send: ([command = '', ...args]) => client.call(command, args),
    async listen(hearer) {
      const own = client.duplicate({
        lazyConnect: true,
        maxRetriesPerRequest: null,
        autoResubscribe: false,
        retryStrategy: reconnectInMs,
        // A message of it in the middle of a reconnect ends the client for good.
        failoverDetector: false,
      })
      const channels = new Set<string>()
      own.on('error', () => undefined)
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
    },
  }
}

function nodeRedisDriver(client: NodeRedisClient): RedisDriver {
  return {
    send: (words) => client.sendCommand(words),
    async listen(hearer) {
      if (!client.isOpen) throw new StoreUnavailable('the redis client is not connected: call connect() on it first')
      const own = client.duplicate()
      own.on('error', () => hearer.onDown())
      await own.connect()
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

export interface Connected {
  readonly port: RedisDriver
  close(): void
}

/** Of every client that is ours and not the caller's. */
export const ownOptions: {
  readonly lazyConnect: true
  readonly autoResendUnfulfilledCommands: false
  readonly socketTimeout: number
  retryStrategy(attempt: number): number
  reconnectOnError(error: Error): boolean
} = {
  lazyConnect: true,
  // Whoever asked asks again, and knows what he asked before.
  autoResendUnfulfilledCommands: false,
  retryStrategy: reconnectInMs,
  // Gives up a connection on which nothing is answered: a frozen server, whose place another one may have taken.
  socketTimeout: ATTEMPT_MS_MAX,
  // A primary that became a replica stays connected: only a new connection finds the new primary.
  reconnectOnError: ({ message }) => message.startsWith('READONLY '),
}

/** A client of our own, made when the store opens and not before. `settings` are those of ioredis. */
export async function connectUrl(url: string, settings: object = {}, signal?: AbortSignal): Promise<Connected> {
  const { Redis } = await loadIoredis()
  const client = new Redis(url, { ...ownOptions, ...settings })
  return connected(client, () => ioredisDriver(client), signal)
}

/** Not its own types, which a program without ioredis has not got. */
export interface IoredisModule {
  readonly Redis: {
    new (url: string, options: object): IoredisClient & Connecting
    new (options: object): IoredisClient & Connecting
  }
  readonly Cluster: new (nodes: { host: string; port: number }[], options: object) => IoredisClusterClient & Connecting
}

export async function loadIoredis(): Promise<IoredisModule> {
  return import('ioredis').catch((cause: unknown) => {
    throw new StoreUnavailable(
      'a redis: URL needs the package ioredis: npm install ioredis, or give redis() a client of your own',
      { cause },
    )
  })
}

/** Throws what the driver said last. Aborted, it gives up a client that is not connected yet. */
export async function connected(client: Connecting, port: () => RedisDriver, signal?: AbortSignal): Promise<Connected> {
  // The commands report what is wrong later on; an event nobody listens to would be printed.
  let trouble: unknown
  client.on('error', (error) => (trouble = error))
  const giveUp = (): void => client.disconnect()
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    await client.connect()
  } catch (error) {
    client.disconnect()
    throw trouble ?? error
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
  return { port: port(), close: () => client.disconnect() }
}
