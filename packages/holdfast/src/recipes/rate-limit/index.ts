/** `holdfast/rate-limit`: so many within any span of time, on all machines together. */
import { clientOf } from '../../client/client-registry.ts'
import { checkKeys } from '../../client/options.ts'
import { Misuse } from '../../store/errors.ts'
import { TTL_MS_MAX, TTL_MS_MIN } from '../../store/limits.ts'
import { durationMs } from '../../time/duration.ts'
import type { Locks } from '../locks.ts'
import { recipeName } from '../recipe-name.ts'
import { wholeNumber } from '../whole-number.ts'
import { LineRate } from './line-rate.ts'
import type { RateLimit, RateLimitOptions } from './rate-limit.ts'

export * from './rate-limit.ts'

const OPTIONS = ['limit', 'per', 'whenStoreIsAway']
const LIMIT_MAX = 1_000
const PER_MS = { minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX }

/**
 * At most `limit` permits in any span of `per`, by the clock of the store. Throws `Misuse` for options that are out of range.
 *
 * @example
 * const logins = rateLimit(locks, 'logins', { limit: 5, per: '1m' })
 * const answer = await logins.tryTake({ key: address })
 * if (!answer.allowed) return tooManyRequests(answer.retryAfterMs)
 */
export function rateLimit(locks: Locks, name: string, options: RateLimitOptions): RateLimit {
  const client = clientOf(locks)
  checkKeys(options, OPTIONS)
  const { limit, per, whenStoreIsAway = 'throw' } = options
  recipeName('rate', name)
  wholeNumber('limit', limit, LIMIT_MAX)
  if (whenStoreIsAway !== 'throw' && whenStoreIsAway !== 'allow') {
    throw new Misuse(`whenStoreIsAway must be 'throw' or 'allow'`)
  }
  const perMs = durationMs('per', per, PER_MS)
  return new LineRate(client, { name, limit, perMs, passesWhenAway: whenStoreIsAway === 'allow' })
}
