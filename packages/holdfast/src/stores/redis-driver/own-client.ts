/** A client of our own, of ioredis: how it is set up, and what is said when it does not connect. */
import { NotApplied, StoreUnavailable } from '../../store/errors.ts'
import type { ServerAddress } from './address.ts'
import { type IoredisClient, ioredisDriver } from './client.ts'
import {
  type ConnectedDriver,
  connectedOrEnded,
  type Connecting,
  type IoredisClusterClient,
  type RedisDriver,
} from './driver.ts'
import { codeWordOf } from './errors.ts'
import { stillLoading } from './load-state.ts'
import { CONNECT_MS_MAX } from './own-options.ts'
import { driversWords } from '../../store/drivers-words.ts'

/** Not its own types, which a program without ioredis has not got. */
export interface IoredisModule {
  readonly Redis: new (options: object) => IoredisClient & Connecting
  readonly Cluster: new (nodes: { host: string; port: number }[], options: object) => IoredisClusterClient & Connecting
}

export async function loadIoredis(): Promise<IoredisModule> {
  return import('ioredis').catch((cause: unknown) => {
    throw new StoreUnavailable(
      'a redis: URL needs the package ioredis: npm install ioredis, or give redis() a client of your own',
      { cause, isFinal: true },
    )
  })
}

/** Throws what the server said, or the driver last. Aborted, it gives up a client that is not connected yet. */
export async function connected(
  client: Connecting,
  port: () => RedisDriver,
  signal?: AbortSignal,
): Promise<ConnectedDriver> {
  const giveUp = (): void => client.disconnect()
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    await connectedOrEnded(client)
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
  return { port: port(), close: () => client.disconnect() }
}

/** The same for one server, which is asked more precisely why it does not let itself be used. */
export async function connectedServer(
  client: IoredisClient & Connecting,
  { database, isTls }: Pick<ServerAddress, 'database' | 'isTls'>,
  signal?: AbortSignal,
): Promise<ConnectedDriver> {
  client.on('error', (error: Error) => {
    // It would go on in database 0, with what other programs keep there.
    if (isOfSelect(error)) client.disconnect(true)
  })
  const connecting: Connecting = {
    connect: () => (database === 0 ? client.connect() : Promise.race([client.connect(), loading(client)])),
    disconnect: () => client.disconnect(),
    on: (event, listener) => client.on(event, listener),
  }
  return connected(connecting, () => ioredisDriver(client), signal).catch((error: unknown) => {
    throw hinted(error, isTls) ?? error
  })
}

/** ioredis waits in silence until the data are loaded; this is what it lets through meanwhile. */
function loading(client: IoredisClient): Promise<never> {
  return new Promise((_, reject) => {
    client.on('connect', () => {
      client.call('info', ['persistence']).then(
        (info) => {
          const refusal = stillLoading(String(info))
          if (refusal !== undefined) reject(refusal)
        },
        () => undefined,
      )
    })
  })
}

function isOfSelect(error: Error): boolean {
  const command: unknown = 'command' in error ? error.command : undefined
  return typeof command === 'object' && command !== null && 'name' in command && command.name === 'select'
}

/** A port that speaks TLS says nothing to clients that do not, and one that does not waits for the end of a line. */
function hinted(error: unknown, isTls: boolean): StoreUnavailable | undefined {
  if (error instanceof NotApplied || codeWordOf(error) !== undefined) return undefined
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const said = `The driver said: ${driversWords(error)}`
  if (isTls && code === 'ETIMEDOUT') {
    return new StoreUnavailable(
      `opening: no TLS connection to Redis came about within ${CONNECT_MS_MAX} ms: rediss: is for a port that speaks TLS, ` +
        `redis: for one that does not. ${said}`,
      { cause: new Error(driversWords(error)) },
    )
  }
  if (isTls || !(code === 'ECONNRESET' || code === 'EPIPE' || code === '')) return undefined
  return new StoreUnavailable(
    'opening: the connection ended before Redis had answered: the port of another program does so, and one that speaks ' +
      `TLS and wants rediss:. ${said}`,
    { cause: new Error(driversWords(error)) },
  )
}
