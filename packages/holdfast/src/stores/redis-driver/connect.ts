/** From a URL to a client of our own: one server, a Cluster, or the primary behind Sentinels. */
import { StoreUnavailable } from '../../store/errors.ts'
import { type RedisAddress, type ServerAddress, type SocketAddress, addressOf } from './address.ts'
import { driverOf } from './client.ts'
import { ioredisClusterDriver } from './cluster-clients.ts'
import { type ConnectedDriver, reconnectInMs } from './driver.ts'
import { codeWordOf, engineError } from './errors.ts'
import { driversWords } from '../../store/drivers-words.ts'
import { connected, connectedServer, loadIoredis } from './own-client.ts'
import { ownOptions } from './own-options.ts'

const SENTINEL_ANSWER_MS = 1_000

/** Takes what `addressOf` takes. Aborted, it gives up what is not connected yet. */
export async function connectAddress(url: string, signal: AbortSignal): Promise<ConnectedDriver> {
  const address = addressOf(url)
  switch (address.kind) {
    case 'server':
    case 'socket':
      return connectServer(address, {}, signal)
    case 'cluster':
      return connectCluster(address, signal)
    case 'sentinel':
      return connectThroughSentinels(address, signal)
  }
}

/** `settings` are those of ioredis. */
export async function connectServer(
  address: ServerAddress | SocketAddress,
  settings: object,
  signal?: AbortSignal,
): Promise<ConnectedDriver> {
  const { Redis } = await loadIoredis()
  const { database } = address
  const client = new Redis({
    ...ownOptions,
    ...loginOf(address),
    ...placeOf(address),
    db: database,
    // Without it, some versions send what is waiting before they know whether there is such a database.
    enableReadyCheck: database !== 0,
    ...settings,
  })
  return connectedServer(client, address, signal)
}

/** In the words of ioredis. */
function placeOf(address: ServerAddress | SocketAddress): object {
  if (address.kind === 'socket') return { path: address.path }
  const { host, port, family } = address
  return { host, port, ...(family !== undefined && { family }) }
}

type Kind<Name extends RedisAddress['kind']> = Extract<RedisAddress, { readonly kind: Name }>

async function connectCluster(address: Kind<'cluster'>, signal: AbortSignal): Promise<ConnectedDriver> {
  const { Cluster } = await loadIoredis()
  let wasReady = false
  const cluster = new Cluster([...address.hosts], {
    lazyConnect: true,
    // A Cluster that is not ready when the store opens is the caller's to try again.
    clusterRetryStrategy: (attempt: number) => (wasReady ? reconnectInMs(attempt) : null),
    // What a connection that ended left unanswered is not sent again: the client asks again, and knows that it did.
    retryDelayOnFailover: 0,
    redisOptions: {
      ...loginOf(address),
      connectTimeout: ownOptions.connectTimeout,
      socketTimeout: ownOptions.socketTimeout,
    },
  })
  cluster.on('ready', () => (wasReady = true))
  // What a node refused; of one that is not reached ioredis tells no more than that.
  let trouble: unknown
  cluster.on('node error', (error: unknown) => (trouble = error))
  // When its nodes answer and say that they are not ready, ioredis leaves `connect` without an answer.
  const ended = new Promise<never>((_, reject) => cluster.on('end', () => reject(new StoreUnavailable(NOT_READY))))
  ended.catch(() => undefined)
  const connect = (): Promise<unknown> => Promise.race([cluster.connect(), ended])
  return connected(
    { connect, on: (event, listener) => cluster.on(event, listener), disconnect: () => cluster.disconnect() },
    () => ioredisClusterDriver(cluster),
    signal,
  ).catch((error: unknown) => {
    throw unreadyCluster(error, trouble ?? lastNodeErrorOf(error))
  })
}

const NOT_REACHED = 'no node of the Redis Cluster can be reached. Check the addresses, and whether they run'
const NOT_READY =
  'the Redis Cluster is not ready: slots are not served, or this user may not ask for CLUSTER INFO (docs/redis.md)'

/** `trouble` is what a node refused, or why it was not reached. */
function unreadyCluster(error: unknown, trouble: unknown): StoreUnavailable {
  const words = error instanceof StoreUnavailable ? error.message : NOT_REACHED
  const { message, isFinal } = engineError(trouble ?? error, 'a node')
  if (codeWordOf(trouble) !== undefined) return new StoreUnavailable(`opening: ${message}`, { cause: error, isFinal })
  return new StoreUnavailable(`opening: ${words}: ${message}`, { isFinal })
}

/** Where all nodes failed, ioredis keeps the reason of one. */
function lastNodeErrorOf(error: unknown): unknown {
  return error instanceof Error && 'lastNodeError' in error ? error.lastNodeError : undefined
}

async function connectThroughSentinels(address: Kind<'sentinel'>, signal: AbortSignal): Promise<ConnectedDriver> {
  const { Redis } = await loadIoredis()
  const { hosts, name, database, isTls } = address
  let wasReady = false
  const client = new Redis({
    ...ownOptions,
    ...loginOf(address),
    sentinels: [...hosts],
    name,
    db: database,
    enableTLSForSentinelMode: isTls,
    // Until its Sentinels tell it, a replaced primary grants locks that will be forgotten, and a frozen one stays connected.
    failoverDetector: true,
    // One that is frozen must not keep the others from being asked.
    sentinelCommandTimeout: SENTINEL_ANSWER_MS,
    // When none of them names a primary, a store that opens is told so, and one that is open waits.
    sentinelRetryStrategy: (attempt: number) => (wasReady ? reconnectInMs(attempt) : null),
  })
  client.on('ready', () => (wasReady = true))
  const refusals: string[] = []
  client.on('sentinelError', (error: unknown) => refusals.push(driversWords(error)))
  const { port, close } = await connected(client, () => driverOf(client), signal).catch((error: unknown) => {
    throw refusals.length === 0 ? error : withoutPrimary(refusals)
  })
  let isClosed = false
  // When the news of a failover comes in the middle of a reconnect, ioredis gives up for good.
  client.on('end', () => {
    if (!isClosed) client.connect().catch(() => undefined)
  })
  return {
    port,
    close() {
      isClosed = true
      close()
    },
  }
}

/** What each of the Sentinels said, or why it was not reached. */
function withoutPrimary(refusals: readonly string[]): StoreUnavailable {
  const reasons = refusals.map((words) => new Error(/ because (.*)$/s.exec(words)?.[1] ?? words))
  const isFinal = reasons.every((reason) => engineError(reason, 'a Sentinel').isFinal)
  return new StoreUnavailable(
    `opening: no Sentinel names a primary: check their addresses and the name. The driver said: ${refusals.join('; ')}`,
    { isFinal },
  )
}

function loginOf({ username, password, isTls }: RedisAddress): object {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} }),
  }
}
