/** Which ground a store has: one entry a scheme. */
import type { Environment, GroundRequest } from './environment.ts'
import { startClusterElectorate } from './cluster-environment.ts'
import { openGroupGround } from './group-environment.ts'
import { openPlainGround } from './plain-environment.ts'
import { redisKind } from './redis-environment.ts'
import { redlockKind } from './redlock-environment.ts'
import { startSentinelElectorate } from './sentinel-environment.ts'
import { openServerGround } from './server-environment.ts'

const grounds: ReadonlyMap<string, (request: GroundRequest) => Promise<Environment>> = new Map([
  ['sqlite', openPlainGround],
  ['redis', (request: GroundRequest) => openServerGround(redisKind, request)],
  ['redlock', (request: GroundRequest) => openServerGround(redlockKind, request)],
  ['redis+cluster', (request: GroundRequest) => openGroupGround(startClusterElectorate, request)],
  ['redis+sentinel', (request: GroundRequest) => openGroupGround(startSentinelElectorate, request)],
])

export function openGround(scheme: string, request: GroundRequest): Promise<Environment> {
  const open = grounds.get(scheme)
  if (open === undefined) throw new Error(`the lab has no ground for ${scheme}:`)
  return open(request)
}
