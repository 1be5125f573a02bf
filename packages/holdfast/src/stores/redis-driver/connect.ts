/** From a URL to a client of our own: one server, a Cluster, or the primary behind Sentinels. */
import { StoreUnavailable } from '../../store/errors.ts'
import { type RedisAddress, addressOf } from './address.ts'
import { connectUrl, type Connected, connected, loadIoredis, ownOptions, driverOf } from './client.ts'
import { reconnectInMs } from './driver.ts'
import { codeWordOf } from './errors.ts'
import { ioredisClusterDriver } from './cluster-clients.ts'

const SENTINEL_ANSWER_MS = 1_000

/** Takes what `addressOf` takes. Aborted, it gives up what is not connected yet. */
export async function connectAddress(url: string, signal: AbortSignal): Promise<Connected> {
  const address = addressOf(url)
  switch (address.kind) {
    case 'server':
      return connectUrl(url, {}, signal)
    case 'cluster':
      return connectCluster(address, signal)
    case 'sentinel':
      return connectThroughSentinels(address, signal)
  }
}

type Kind<Name extends RedisAddress['kind']> = Extract<RedisAddress, { readonly kind: Name }>

async function connectCluster(address: Kind<'cluster'>, signal: AbortSignal): Promise<Connected> {
  const { Cluster } = await loadIoredis()
  let wasReady = false
  const cluster = new Cluster([...address.hosts], {
    lazyConnect: true,
    // A Cluster that is not ready when the store opens is the caller's to try again.
    clusterRetryStrategy: (attempt: number) => (wasReady ? reconnectInMs(attempt) : null),
    redisOptions: { ...loginOf(address), socketTimeout: ownOptions.socketTimeout },
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
    if (error instanceof StoreUnavailable) throw error
    throw codeWordOf(trouble) === undefined ? new StoreUnavailable(NOT_REACHED, { cause: error }) : trouble
  })
}

const NOT_REACHED = 'no node of the Redis Cluster can be reached. Check the addresses, and whether they run'
const NOT_READY =
  'the Redis Cluster is not ready: slots are not served, or this user may not ask for CLUSTER INFO (docs/redis.md)'

async function connectThroughSentinels(address: Kind<'sentinel'>, signal: AbortSignal): Promise<Connected> {
  const { Redis } = await loadIoredis()
  const { hosts, name, database, isTls } = address
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
  })
  const { port, close } = await connected(client, () => driverOf(client), signal)
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

function loginOf({ username, password, isTls }: Kind<'cluster'> | Kind<'sentinel'>): object {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} }),
  }
}
