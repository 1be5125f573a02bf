/** A client over what several processes share: a Redis by its URL, or a file by its path. */
import { holdfast } from '../holdfast.ts'
import { redis } from '../stores/redis/index.ts'
import { sqlite } from '../stores/sqlite/index.ts'
import type { Locks } from './locks.ts'

export function locksIn(place: string, ttlMs: number): Locks {
  return holdfast(place.startsWith('redis:') ? redis(place) : sqlite({ path: place }), { ttl: ttlMs })
}
