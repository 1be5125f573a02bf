/** From a URL to a client of our own: one server, a Cluster, or the primary behind Sentinels. */
import { type Address, addressOf } from './address.ts'
import { connectUrl, type Connected, connected, loadIoredis, ownOptions, portOf, reconnectInMs } from './client.ts'
import { ioredisClusterPort } from './cluster-clients.ts'

const SENTINEL_ANSWER_MS = 1_000

/** Takes what `addressOf` takes. */
export async function connectAddress(url: string): Promise<Connected> {
  const address = addressOf(url)
  switch (address.kind) {
    case 'server':
      return connectUrl(url)
    case 'cluster':
      return connectCluster(address)
    case 'sentinel':
      return connectThroughSentinels(address)
  }
}

type Kind<Name extends Address['kind']> = Extract<Address, { readonly kind: Name }>

async function connectCluster(address: Kind<'cluster'>): Promise<Connected> {
  const { Cluster } = await loadIoredis()
  const cluster = new Cluster([...address.hosts], {
    lazyConnect: true,
    clusterRetryStrategy: reconnectInMs,
    redisOptions: { ...loginOf(address), socketTimeout: ownOptions.socketTimeout },
  })
  return connected(cluster, () => ioredisClusterPort(cluster))
}

async function connectThroughSentinels(address: Kind<'sentinel'>): Promise<Connected> {
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
  const { port, close } = await connected(client, () => portOf(client))
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
