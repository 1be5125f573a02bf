/** Which environment a store has: one entry a scheme. */
import type { Environment, EnvironmentRequest } from './environment.ts'
import { startClusterElectorate } from './cluster-environment.ts'
import { dynamodbKind } from './dynamodb-environment.ts'
import { etcdKind } from './etcd-environment.ts'
import { openGroupEnvironment } from './group-environment.ts'
import { mysqlKind } from './mysql-environment.ts'
import { natsKind } from './nats-environment.ts'
import { openPlainEnvironment } from './plain-environment.ts'
import { postgresKind } from './postgres-environment.ts'
import { redisKind } from './redis-environment.ts'
import { redlockKind } from './redlock-environment.ts'
import { startSentinelElectorate } from './sentinel-environment.ts'
import { openServerEnvironment } from './server-environment.ts'
import { zookeeperKind } from './zookeeper-environment.ts'

const environments: ReadonlyMap<string, (request: EnvironmentRequest) => Promise<Environment>> = new Map([
  ['sqlite', openPlainEnvironment],
  ['redis', (request: EnvironmentRequest) => openServerEnvironment(redisKind, request)],
  ['postgres', (request: EnvironmentRequest) => openServerEnvironment(postgresKind, request)],
  ['mysql', (request: EnvironmentRequest) => openServerEnvironment(mysqlKind, request)],
  ['etcd', (request: EnvironmentRequest) => openServerEnvironment(etcdKind, request)],
  ['zookeeper', (request: EnvironmentRequest) => openServerEnvironment(zookeeperKind, request)],
  ['dynamodb', (request: EnvironmentRequest) => openServerEnvironment(dynamodbKind, request)],
  ['nats', (request: EnvironmentRequest) => openServerEnvironment(natsKind, request)],
  ['redlock', (request: EnvironmentRequest) => openServerEnvironment(redlockKind, request)],
  ['redis+cluster', (request: EnvironmentRequest) => openGroupEnvironment(startClusterElectorate, request)],
  ['redis+sentinel', (request: EnvironmentRequest) => openGroupEnvironment(startSentinelElectorate, request)],
])

export function openEnvironment(scheme: string, request: EnvironmentRequest): Promise<Environment> {
  const open = environments.get(scheme)
  if (open === undefined) throw new Error(`the lab has no environment for ${scheme}:`)
  return open(request)
}
