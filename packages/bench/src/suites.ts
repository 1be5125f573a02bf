/** Every suite, in the order in which they run. */
import { crowd } from './crowd.ts'
import { enteredFiles } from './entered-files.ts'
import type { Suite } from './figure.ts'
import { crowdStep } from './crowd-step.ts'
import { dynamodbRivals } from './dynamodb/rivals.ts'
import { etcdEngine } from './etcd/engine.ts'
import { etcdRivals } from './etcd/rivals.ts'
import { handOff } from './hand-off.ts'
import { httpPair } from './http/pair.ts'
import { idle } from './idle.ts'
import { judging } from './judge.ts'
import { observedCosts } from './observed/cost.ts'
import { growth, inMemory } from './memory.ts'
import { redisAcquireAll } from './redis/acquire-all.ts'
import { redisCrash } from './redis/crash.ts'
import { redisCrowd } from './redis/crowd.ts'
import { redisHandOff } from './redis/hand-off.ts'
import { redisLostReply } from './redis/lost-reply.ts'
import { redisNames } from './redis/names.ts'
import { redisFresh, redisPair } from './redis/pair.ts'
import { redisRedlock } from './redis/redlock.ts'
import { redisRenewal } from './redis/renewal.ts'
import { redisTelemetry } from './redis/telemetry.ts'
import { quorumSuites } from './quorum/suites.ts'
import { competitors } from './redis/competitors.ts'
import { renewal } from './renewal.ts'
import { sqlCost } from './sql/cost.ts'
import { sqlDistance } from './sql/distance.ts'
import { sqlHandOff } from './sql/hand-off.ts'
import { sqlPair } from './sql/pair.ts'
import { sizes } from './sizes.ts'
import { sqlCrowd } from './sql/crowd.ts'
import { sqlRenewal } from './sql/renewal.ts'
import { sqlRivals } from './sql/rivals.ts'
import { start } from './start.ts'
import { zookeeperEngine } from './zookeeper/engine.ts'
import { zookeeperRivals } from './zookeeper/rivals.ts'
import { uncontended } from './uncontended-pair.ts'

export const suites: readonly Suite[] = [
  uncontended,
  handOff,
  crowdStep,
  idle,
  inMemory,
  growth,
  crowd,
  renewal,
  start,
  redisPair,
  redisFresh,
  redisAcquireAll,
  redisHandOff,
  redisCrowd,
  redisRenewal,
  redisCrash,
  redisLostReply,
  redisNames,
  redisTelemetry,
  redisRedlock,
  competitors,
  sqlPair,
  sqlHandOff,
  sqlCrowd,
  sqlRenewal,
  sqlCost,
  sqlDistance,
  sqlRivals,
  dynamodbRivals,
  ...observedCosts,
  ...quorumSuites(etcdEngine),
  etcdRivals,
  ...quorumSuites(zookeeperEngine),
  zookeeperRivals,
  httpPair,
  sizes,
  enteredFiles,
  judging,
]
