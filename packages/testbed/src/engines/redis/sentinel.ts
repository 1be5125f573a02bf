/** A primary with replicas, watched by sentinels that promote a replica when the primary is silent. */
import type { Group, Member } from '../driver.ts'
import { gather, type MemberPlan, type Place } from '../group.ts'
import { until } from '../until.ts'
import { RespConnection } from './resp.ts'
import { quoted, type RedisOptions, start } from './server.ts'

/** Sentinels find each other by a message they publish every two seconds. */
const AGREED_WITHIN_MS = 20_000

export interface SentinelOptions extends Omit<RedisOptions, 'port' | 'replicaOf' | 'announcedPort' | 'sentinel'> {
  /** Default 1. */
  readonly replicas?: number
  /** Default 3; more than half of them must agree. */
  readonly sentinels?: number
  /** Silence of the primary after which a sentinel holds it for down; default 500 ms. */
  readonly downAfterMs?: number
  /** How long one failover may take before another may be tried; default 3 s. */
  readonly failoverTimeoutMs?: number
  /** Clients, replicas and sentinels reach each server through its proxy, so a cut primary is replaced. */
  readonly proxied?: boolean
}

export interface RedisSentinel extends Group {
  /** What clients ask the sentinels for. */
  readonly serviceName: string
  /** As started. After a failover another server has the part; `currentPrimary` asks. */
  readonly primary: Member
  readonly replicas: readonly Member[]
  readonly sentinels: readonly Member[]
  /** The port that the first sentinel that is up names, which is the proxy's where there is one. */
  currentPrimary(): Promise<Member>
}

export const serviceName = 'holdfast'

export async function startSentinel(options: SentinelOptions = {}): Promise<RedisSentinel> {
  const { replicas: replicaCount = 1, sentinels: sentinelCount = 3, proxied = false, ...rest } = options
  const { downAfterMs = 500, failoverTimeoutMs = 3_000, ...server } = rest
  return gather(async (gathering) => {
    const announced = { 'replica-announce-ip': '127.0.0.1', ...server.config }
    const primaryPlan: MemberPlan = {
      name: 'primary',
      start: (place) => start({ ...server, ...place, config: announced }),
    }
    const [primary] = await gathering.add([primaryPlan], proxied)
    if (primary === undefined) throw new Error('the primary is missing')
    const known = { host: '127.0.0.1', port: primary.proxy?.port ?? primary.engine.port }
    const replicaPlans = named('replica', replicaCount).map((name) => ({
      name,
      start: (place: Place) => start({ ...server, ...place, replicaOf: known, config: announced }),
    }))
    const replicas = await gathering.add(replicaPlans, proxied)
    const watched = { ...known, downAfterMs, failoverTimeoutMs, quorum: Math.floor(sentinelCount / 2) + 1 }
    const sentinelPlans = named('sentinel', sentinelCount).map((name) => ({
      name,
      start: ({ port }: Place) => startWatcher(server, port, watched),
    }))
    const sentinels = await gathering.add(sentinelPlans, false)
    await agreed(sentinels, replicaCount)
    return {
      url: `redis+sentinel://${sentinels.map(({ engine }) => `127.0.0.1:${engine.port}`).join(',')}/${serviceName}`,
      serviceName,
      primary,
      replicas,
      sentinels,
      currentPrimary: () => currentPrimary(sentinels, [primary, ...replicas]),
    }
  })
}

interface Watched {
  readonly host: string
  readonly port: number
  readonly downAfterMs: number
  readonly failoverTimeoutMs: number
  readonly quorum: number
}

function startWatcher(
  { release, storage, environment, password }: RedisOptions,
  port: number,
  watched: Watched,
): ReturnType<typeof start> {
  const settings = [
    `monitor ${serviceName} ${watched.host} ${watched.port} ${watched.quorum}`,
    `down-after-milliseconds ${serviceName} ${watched.downAfterMs}`,
    `failover-timeout ${serviceName} ${watched.failoverTimeoutMs}`,
    ...(password === undefined ? [] : [`auth-pass ${serviceName} ${quoted(password)}`]),
  ]
  return start({
    ...(release !== undefined && { release }),
    ...(storage !== undefined && { storage }),
    ...(environment !== undefined && { environment }),
    port,
    sentinel: true,
    config: { sentinel: settings },
  })
}

/** Every sentinel knows the replicas and the other sentinels; before that a failover could fail. */
async function agreed(sentinels: readonly Member[], replicaCount: number): Promise<void> {
  for (const { engine, name } of sentinels) {
    await using connection = await RespConnection.open(engine.url)
    const knowsAll = async (): Promise<boolean> => {
      const facts = await factsOf(connection)
      const others = facts.get('num-other-sentinels')
      return facts.get('num-slaves') === String(replicaCount) && others === String(sentinels.length - 1)
    }
    await until(knowsAll, { withinMs: AGREED_WITHIN_MS, what: `${name} knowing the others` })
  }
}

async function factsOf(connection: RespConnection): Promise<ReadonlyMap<string, string>> {
  const list = await connection.command('SENTINEL', 'MASTER', serviceName)
  const words = Array.isArray(list) ? list.map(String) : []
  return new Map(words.flatMap((word, index) => (index % 2 === 0 ? ([[word, words[index + 1] ?? '']] as const) : [])))
}

async function currentPrimary(sentinels: readonly Member[], servers: readonly Member[]): Promise<Member> {
  const asked = sentinels.find(({ engine }) => engine.state === 'up')
  if (asked === undefined) throw new Error('no sentinel is up')
  await using connection = await RespConnection.open(asked.engine.url)
  const port = (await factsOf(connection)).get('port')
  const found = servers.find(({ engine, proxy }) => port === String(proxy?.port ?? engine.port))
  if (found === undefined) throw new Error(`${asked.name} names a server that is not of this group: port ${port}`)
  return found
}

function named(role: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${role} ${index + 1}`)
}
