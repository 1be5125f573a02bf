/** What a store needs of any Redis driver, and what all the adapters do alike. */
import { Misuse, StoreUnavailable } from '../../store/errors.ts'
import { codeWordOf } from './errors.ts'

/** Any Redis driver. */
export interface RedisDriver {
  /** One command and its arguments; rejects with the driver's own error. A Cluster sends it to the primary of this key. */
  send(words: readonly string[], key?: string): Promise<unknown>
  /** Another connection to the same server, for messages; resolves when it is connected. */
  listen(hearer: Hearer): Promise<Subscriptions>
  /** Of a Cluster, and there only: each of its primaries, for what concerns them all. */
  primaries?(): Promise<readonly Primary[]>
  /** Sentinels may put another server in its place. @default false */
  readonly failsOver?: boolean
  /**
   * The driver sends a command again when its connection ended before the answer came. Then an answer does not tell what
   * was done, only what was done last: a server that is not ready the second time may have granted the first. @default false
   */
  readonly resends?: boolean
  /**
   * Calls back whenever a connection for commands has ended: the next one may lead to another server, and what was in flight
   * may be sent again. Returns what stops it. @default not known; behind a driver that resends nothing is trusted then
   */
  onDisconnect?(listener: () => void): () => void
  /**
   * Whether a command that is sent now goes to the server at once. Where the driver resends nothing, what was sent so is given
   * up when the connection ends. @default not known
   */
  isConnected?(): boolean
  /** One more connection of the same kind, for when this one has fallen silent. @default none can be made */
  another?(): Promise<ConnectedDriver>
  /** What the driver said last of its connection, while it has none: silence has a reason then. @default nothing is known */
  trouble?(): unknown
  /** The database that was asked for, to be compared with what the server says. @default not compared */
  readonly database?: number | undefined
}

/** A driver with a connection of its own. */
export interface ConnectedDriver {
  readonly port: RedisDriver
  close(): void
}

/** One server of a Cluster that has slots. */
export interface Primary {
  /** Its address. */
  readonly name: string
  send(words: readonly string[]): Promise<unknown>
}

export interface Hearer {
  onMessage(channel: string, message: string): void
  /** The connection is gone, and messages are lost until `onUp`. */
  onDown(): void
  /** It is back, with all its subscriptions. */
  onUp(): void
}

export interface Subscriptions {
  /** Its channels are those of SSUBSCRIBE: heard on the primary of the channel's slot, and nowhere else. @default false */
  readonly isSharded?: boolean
  /** Resolves when the server has confirmed it. */
  subscribe(channel: string): Promise<void>
  unsubscribe(channel: string): Promise<void>
  close(): void
}

/** A reconnect is tried after 50 ms and then less and less soon. */
export const reconnectInMs = (attempt: number): number => Math.min(attempt * 50, 2_000)

/** ioredis puts it before keys and not before channels, nor into what scripts tell: no waiter would hear of its turn. */
export function refusePrefix(keyPrefix: string | undefined): void {
  if (keyPrefix === undefined || keyPrefix === '') return
  throw new Misuse(
    'the ioredis client has a keyPrefix, which messages do not have: give a client without one, and the option prefix instead',
  )
}

/** Until the caller connects it again, and Sentinels' clients do so by themselves. */
export function endedClient(isFinal = true): StoreUnavailable {
  return new StoreUnavailable(
    'the ioredis client has ended (quit, disconnect, or its retryStrategy gave up): give one that stays connected',
    { isFinal },
  )
}

/** Nothing was sent. */
export function notConnected(what = 'client'): StoreUnavailable {
  return new StoreUnavailable(`the redis ${what} is not connected: call connect() on it first, and close it last`, {
    isFinal: true,
  })
}

/** One that could not connect would go on trying, for no one's use. Throws what the server said, or the driver last. */
export async function connectedOrEnded(client: Connecting): Promise<void> {
  // An event without a listener would be printed.
  let trouble: unknown
  client.on('error', (error) => {
    if (trouble === undefined || codeWordOf(trouble) === undefined) trouble = error
  })
  try {
    await client.connect()
  } catch (error) {
    client.disconnect()
    throw trouble ?? error
  }
}

export interface Connecting {
  connect(): Promise<unknown>
  disconnect(): void
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** The part of an ioredis Cluster that is used. */
export interface IoredisClusterClient {
  readonly isCluster: boolean
  readonly status: string
  readonly options?: {
    readonly keyPrefix?: string | undefined
    readonly retryDelayOnFailover?: number | undefined
    readonly redisOptions?: { readonly keyPrefix?: string | undefined } | undefined
  }
  call(command: string, args: string[]): Promise<unknown>
  nodes(role: 'master'): readonly {
    readonly options: { readonly host?: string | undefined; readonly port?: number | undefined }
    call(command: string, args: string[]): Promise<unknown>
  }[]
  duplicate(startupNodes?: [], override?: object): IoredisClusterClient
  connect(): Promise<unknown>
  subscribe(...channels: string[]): Promise<unknown>
  unsubscribe(...channels: string[]): Promise<unknown>
  ssubscribe(...channels: string[]): Promise<unknown>
  sunsubscribe(...channels: string[]): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: string, listener: (...words: string[]) => void): unknown
  off(event: string, listener: () => void): unknown
  disconnect(): void
}
