/** Which ground a store has: one entry a scheme. */
import type { Ground, GroundRequest } from './ground.ts'
import { startClusterElectorate } from './cluster-ground.ts'
import { openGroupGround } from './group-ground.ts'
import { openPlainGround } from './plain-ground.ts'
import { redisKind } from './redis-ground.ts'
import { redlockKind } from './redlock-ground.ts'
import { startSentinelElectorate } from './sentinel-ground.ts'
import { openServerGround } from './server-ground.ts'

const grounds: ReadonlyMap<string, (request: GroundRequest) => Promise<Ground>> = new Map([
  ['sqlite', openPlainGround],
  ['redis', (request: GroundRequest) => openServerGround(redisKind, request)],
  ['redlock', (request: GroundRequest) => openServerGround(redlockKind, request)],
  ['redis+cluster', (request: GroundRequest) => openGroupGround(startClusterElectorate, request)],
  ['redis+sentinel', (request: GroundRequest) => openGroupGround(startSentinelElectorate, request)],
])

export function openGround(scheme: string, request: GroundRequest): Promise<Ground> {
  const open = grounds.get(scheme)
  if (open === undefined) throw new Error(`the lab has no ground for ${scheme}:`)
  return open(request)
}
