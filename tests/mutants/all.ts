/** Every mutant. A new file of them is a line here. */
import { copiesMutants } from './copies.mutants.ts'
import { adapterMutants } from './adapters.mutants.ts'
import { commandMutants } from './command.mutants.ts'
import { coreMutants } from './core.mutants.ts'
import { demoMutants } from './demo.mutants.ts'
import { cronMutants } from './cron.mutants.ts'
import { electionMutants } from './election.mutants.ts'
import { engineMutants } from './engine.mutants.ts'
import { dynamodbMutants } from './dynamodb.mutants.ts'
import { etcdMutants } from './etcd.mutants.ts'
import { fileGuardMutants } from './file-guard.mutants.ts'
import { fromRedlockMutants } from './from-redlock.mutants.ts'
import { guardMutants } from './guard.mutants.ts'
import { handOverMutants } from './hand-over.mutants.ts'
import { httpGuardMutants } from './http-guard.mutants.ts'
import { httpMutants } from './http.mutants.ts'
import { knownDefectMutants } from './known-defects.mutants.ts'
import { kubernetesMutants } from './kubernetes.mutants.ts'
import { labMutants } from './lab.mutants.ts'
import { modelMutants } from './model.mutants.ts'
import type { Mutant } from './mutant.ts'
import { mysqlMutants } from './mysql.mutants.ts'
import { natsMutants } from './nats.mutants.ts'
import { onceMutants } from './once.mutants.ts'
import { partitionsMutants } from './partitions.mutants.ts'
import { postgresMutants } from './postgres.mutants.ts'
import { rateLimitMutants } from './rate-limit.mutants.ts'
import { recordMutants } from './records.mutants.ts'
import { redisConnectionMutants } from './redis-connection.mutants.ts'
import { redisGuardMutants } from './redis-guard.mutants.ts'
import { redisLateMutants } from './redis-late.mutants.ts'
import { redisSilenceMutants } from './redis-silence.mutants.ts'
import { redisMutants } from './redis.mutants.ts'
import { redlockServerMutants } from './redlock-servers.mutants.ts'
import { redlockMutants } from './redlock.mutants.ts'
import { rowMutants } from './rows.mutants.ts'
import { scriptMutants } from './script.mutants.ts'
import { serverMutants } from './server.mutants.ts'
import { singleFlightMutants } from './single-flight.mutants.ts'
import { slotsMutants } from './slots.mutants.ts'
import { sqlGuardMutants } from './sql-guard.mutants.ts'
import { sqliteMutants } from './sqlite.mutants.ts'
import { telemetryMutants } from './telemetry.mutants.ts'
import { timelineMutants } from './timeline.mutants.ts'
import { tokenScaleMutants } from './token-scale.mutants.ts'
import { topologyMutants } from './topology.mutants.ts'
import { troubleMutants } from './trouble.mutants.ts'
import { watchMutants } from './watch.mutants.ts'
import { zookeeperMutants } from './zookeeper.mutants.ts'

export const mutants: readonly Mutant[] = [
  ...adapterMutants,
  ...commandMutants,
  ...coreMutants,
  ...copiesMutants,
  ...demoMutants,
  ...cronMutants,
  ...electionMutants,
  ...engineMutants,
  ...dynamodbMutants,
  ...etcdMutants,
  ...zookeeperMutants,
  ...fileGuardMutants,
  ...fromRedlockMutants,
  ...guardMutants,
  ...handOverMutants,
  ...httpGuardMutants,
  ...httpMutants,
  ...knownDefectMutants,
  ...kubernetesMutants,
  ...labMutants,
  ...modelMutants,
  ...mysqlMutants,
  ...natsMutants,
  ...onceMutants,
  ...partitionsMutants,
  ...postgresMutants,
  ...rateLimitMutants,
  ...recordMutants,
  ...redisMutants,
  ...redisConnectionMutants,
  ...redisGuardMutants,
  ...redisLateMutants,
  ...redisSilenceMutants,
  ...redlockMutants,
  ...redlockServerMutants,
  ...rowMutants,
  ...scriptMutants,
  ...serverMutants,
  ...singleFlightMutants,
  ...slotsMutants,
  ...sqlGuardMutants,
  ...sqliteMutants,
  ...telemetryMutants,
  ...timelineMutants,
  ...tokenScaleMutants,
  ...topologyMutants,
  ...troubleMutants,
  ...watchMutants,
]
