/** What a ZooKeeper promises as it is set up: by what its servers say of themselves. */
import type { Facts } from '../../store/facts.ts'
import { TTL_MS_MAX } from '../../store/limits.ts'
import type { ZookeeperFindings } from '../zookeeper-driver/findings.ts'
import { slackMsOf } from './claim-session.ts'

const VOTERS_OF_CONSENSUS = 3
const TTL_MS_LEAST = 500
/** What the leader has agreed on is told to the others. */
const END_LATE_MS = 500

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
    clock:
      'the monotonic clock of the leader; the wall clock of the leader for a minimum hold and for the lock-delay after an eviction',
    expiry: 'engine',
    tokens:
      'base + the transaction that made the claim: the base is the time in µs at which the root was first used, kept in ZooKeeper',
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
    lockRisks: [
      'deleting its nodes, or restoring a backup',
      'a followerLag that is shorter than syncLimit and half a tick',
    ],
    tokenRisks: ['restoring a backup without `holdfast rebase` after it'],
    unsupported: {},
  }
}
