/** Every replay by its name. Those for a store that is not here yet come with the store. */
import { deletedFile, foreignRelease, killedHolder } from './others.ts'
import { deadWaiter } from './etcd/dead-waiter.ts'
import { isolatedLeader, killedLeader } from './etcd/leader.ts'
import { pausedHolder, redisPausedHolder, writeOnlyGuard } from './paused-holder.ts'
import { earlyClockToken, sequenceToken } from './postgres/early-token.ts'
import { failoverForgets as postgresFailover } from './postgres/failover.ts'
import { lostWakeUp } from './postgres/lost-wake-up.ts'
import { pooledSession } from './postgres/pooled-session.ts'
import { clockJump } from './redis/clock-jump.ts'
import { failoverForgets, staleReplica } from './redis/failover.ts'
import { lateToken } from './redis/late-token.ts'
import { flushAll } from './redis/lost-data.ts'
import { lostAcquireReply, lostReleaseReply, lostRenewReply } from './redis/lost-replies.ts'
import { powerLoss } from './redis/power-loss.ts'
import { redlockClockJump } from './redlock/clock-jump.ts'
import { redlockRestartedNode } from './redlock/restarted-node.ts'
import { redlockSlowNode } from './redlock/slow-node.ts'
import type { Scenario } from './scenario.ts'
import { postgresDown, redisDown } from './store-down.ts'
import {
  blackHole,
  isolatedFollower,
  killedLeader as zookeeperKilledLeader,
  zookeeperPausedHolder,
} from './zookeeper/holders.ts'

export const scenarios: ReadonlyMap<string, Scenario> = new Map([
  ['paused-holder', pausedHolder],
  ['write-only-guard', writeOnlyGuard],
  ['killed-holder', killedHolder],
  ['deleted-file', deletedFile],
  ['foreign-release', foreignRelease],
  ['redis-paused-holder', redisPausedHolder],
  ['redis-lost-acquire-reply', lostAcquireReply],
  ['redis-lost-release-reply', lostReleaseReply],
  ['redis-lost-renew-reply', lostRenewReply],
  ['redis-store-down', redisDown],
  ['redis-failover-forgets', failoverForgets],
  ['redis-stale-replica', staleReplica],
  ['redis-flushall', flushAll],
  ['redis-power-loss', powerLoss],
  ['redis-clock-jump', clockJump],
  ['redis-late-token', lateToken],
  ['postgres-sequence-token', sequenceToken],
  ['postgres-early-clock', earlyClockToken],
  ['postgres-lost-wake-up', lostWakeUp],
  ['postgres-pooled-session', pooledSession],
  ['postgres-failover-forgets', postgresFailover],
  ['postgres-store-down', postgresDown],
  ['redlock-clock-jump', redlockClockJump],
  ['redlock-restarted-node', redlockRestartedNode],
  ['redlock-slow-node', redlockSlowNode],
  ['etcd-dead-waiter', deadWaiter],
  ['etcd-isolated-leader', isolatedLeader],
  ['etcd-killed-leader', killedLeader],
  ['zookeeper-black-hole', blackHole],
  ['zookeeper-isolated-follower', isolatedFollower],
  ['zookeeper-paused-holder', zookeeperPausedHolder],
  ['zookeeper-killed-leader', zookeeperKilledLeader],
])
