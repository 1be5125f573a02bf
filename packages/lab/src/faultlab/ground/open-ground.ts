/** Which ground a store has: one entry a scheme. */
import type { Ground, GroundRequest } from './ground.ts'
import { openFileGround } from './file-ground.ts'
import { redisKind } from './redis-ground.ts'
import { redlockKind } from './redlock-ground.ts'
import { openServerGround } from './server-ground.ts'

const grounds: ReadonlyMap<string, (request: GroundRequest) => Promise<Ground>> = new Map([
  ['sqlite', openFileGround],
  ['redis', (request: GroundRequest) => openServerGround(redisKind, request)],
  ['redlock', (request: GroundRequest) => openServerGround(redlockKind, request)],
])

export function openGround(scheme: string, request: GroundRequest): Promise<Ground> {
  const open = grounds.get(scheme)
  if (open === undefined) throw new Error(`the lab has no ground for ${scheme}:`)
  return open(request)
}
