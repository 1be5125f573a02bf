/** What a ZooKeeper promises as it is set up: asked of the servers themselves. */
import type { Facts } from '../../store/facts.ts'
import { TTL_MS_MAX } from '../../store/limits.ts'
import { NodeTree } from '../zookeeper-driver/tree.ts'
import { statusOf } from '../zookeeper-driver/server-status.ts'
import { slackMsOf } from './claim-session.ts'
import type { ZookeeperClient } from './client.ts'

export interface ZookeeperFindings {
  /** Undefined where no server may tell it. */
  readonly version: string | undefined
  /** Those that decide, and all that may be connected to; undefined where this user may not read it, 0 for a server alone. */
  readonly voterCount: number | undefined
  readonly serverCount: number | undefined
  /** The shortest and the longest session that is granted. */
  readonly sessionMsMin: number
  readonly sessionMsMax: number
}

const VOTERS_OF_CONSENSUS = 3
const SESSION_MS_WISH_MAX = 2 ** 31 - 1
const TTL_MS_LEAST = 500
/** What the leader has agreed on is told to the others. */
const END_LATE_MS = 500
const CONFIGURATION_PATH = '/zookeeper/config'

export async function probedZookeeper(client: ZookeeperClient): Promise<ZookeeperFindings> {
  const [sessionMsMin, sessionMsMax, version] = await Promise.all([
    grantedMs(client, 1),
    grantedMs(client, SESSION_MS_WISH_MAX),
    versionOfAny(client),
  ])
  const text = await configuration(client)
  const servers = text?.match(/^server\.\d+=.*$/gm) ?? []
  const voterCount = servers.filter((line) => !/:observer\b/.test(line)).length
  const counts = text === undefined ? {} : { voterCount, serverCount: servers.length }
  return { version, voterCount: undefined, serverCount: undefined, ...counts, sessionMsMin, sessionMsMax }
}

/** A server without others ends sessions itself: what it answers, the leader has heard. */
export function followerLagMsOf({ serverCount }: ZookeeperFindings, ofOthersMs: number): number {
  return serverCount !== undefined && serverCount <= 1 ? 0 : ofOthersMs
}

export function zookeeperFactsOf(findings: ZookeeperFindings, lagMs: number): Facts {
  const { version, voterCount, sessionMsMin, sessionMsMax } = findings
  const isAgreed = voterCount === undefined || voterCount >= VOTERS_OF_CONSENSUS
  const slackMs = slackMsOf(lagMs)
  const maxMs = Math.min(TTL_MS_MAX, sessionMsMax - slackMs)
  return {
    engine: version === undefined ? 'ZooKeeper' : `ZooKeeper ${version}`,
    safetyClass: isAgreed ? 'consensus' : 'durable',
    reasons: [
      isAgreed
        ? `Every change is agreed on by a majority of ${voterCount ?? 'the'} servers, and on their disks, before it is answered.`
        : `It has ${voterCount ?? 0} of at least ${VOTERS_OF_CONSENSUS} servers that decide: what its disk loses is lost.`,
      `Sessions last ${sessionMsMin} to ${sessionMsMax} ms (minSessionTimeout, maxSessionTimeout). A claim needs one of its ttl, its lock-delay and ${slackMs} ms more, in which a follower may be cut off from its leader: so the longest ttl without a lock-delay is ${maxMs} ms.`,
    ],
    clock: 'the monotonic clock of the leader; the wall clock of the leader for a minimum hold and for the lock-delay after an eviction',
    expiry: 'engine',
    tokens: 'base + the transaction that made the claim: the base is the time in µs at which the root was first used, kept in ZooKeeper',
    order: 'fifo',
    wakeUp: 'push',
    ttl: {
      per: 'session',
      granularityMs: 1,
      minMs: Math.max(TTL_MS_LEAST, sessionMsMin - slackMs),
      maxMs: Math.max(maxMs, TTL_MS_LEAST, sessionMsMin - slackMs),
      // The leader looks once a tick, and hears of the last ping half a tick late; the shortest session is two ticks.
      takeoverMs: slackMs + sessionMsMin + END_LATE_MS,
    },
    lockRisks: ['deleting its nodes, or restoring a backup', 'a followerLag that is shorter than syncLimit and half a tick'],
    tokenRisks: ['restoring a backup without `holdfast rebase` after it'],
    unsupported: {},
  }
}

async function grantedMs(client: ZookeeperClient, timeoutMs: number): Promise<number> {
  const session = await client.call('opening', client.open(timeoutMs))
  const granted = session.grant.timeoutMs
  await session.close()
  return granted
}

/** Of the first server that answers; no lock depends on it. */
async function versionOfAny({ plan: { servers, tls } }: ZookeeperClient): Promise<string | undefined> {
  const certificates = await tls?.()
  const answers = servers.map((server) => statusOf(server, certificates))
  return await Promise.any(answers).then(
    ({ version }) => version,
    () => undefined,
  )
}

/** Undefined where it may not be read. */
async function configuration(client: ZookeeperClient): Promise<string | undefined> {
  const session = await client.homeSession()
  const read = new NodeTree(session, '').getData(CONFIGURATION_PATH)
  return await read.then(
    ({ data }) => String(data),
    () => undefined,
  )
}
