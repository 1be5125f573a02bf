/** `holdfast/single-flight`: a value that many processes need, computed by one of them at a time. */
import { clientOf } from '../../client/client-registry.ts'
import { acquireSettings, checkKeys } from '../../client/options.ts'
import { Misuse } from '../../store/errors.ts'
import { durationMs } from '../../time/duration.ts'
import { checkedLedger, type Ledger } from '../ledger.ts'
import type { Locks } from '../locks.ts'
import { recipeName } from '../recipe-name.ts'
import { cacheIn } from './ledger-cache.ts'
import { LineFlights } from './line-flights.ts'
import type { FlightCache, SingleFlight, SingleFlightOptions } from './single-flight.ts'

export type { MaybePromise } from '../duty.ts'
export type { Ledger } from '../ledger.ts'
export type * from './single-flight.ts'

const OPTIONS = ['cache', 'fresh', 'stale', 'wait', 'failureFor', 'eagerness', 'whenStoreIsAway', 'ttl']
const YEAR_MS = 8_760 * 3_600_000
const WAIT_MS = { minMs: 0, maxMs: 600_000 }

/**
 * A value for each key, computed at most once at a time across all machines, in a cache of yours. Throws `Misuse` for options
 * that are out of range.
 *
 * @example
 * const prices = singleFlight(locks, 'prices', { cache, fresh: '1m', stale: '10m' })
 * const price = await prices.get(article, () => computePrice(article))
 */
export function singleFlight<Value>(
  locks: Locks,
  name: string,
  options: SingleFlightOptions<Value>,
): SingleFlight<Value> {
  const client = clientOf(locks)
  checkKeys(options, OPTIONS)
  const { cache, fresh, stale = 0, wait = '10s', failureFor = '1s', eagerness = 1, whenStoreIsAway = 'load' } = options
  recipeName('flight', name)
  if (typeof cache?.get !== 'function' || typeof cache.set !== 'function') {
    throw new Misuse('cache must have get and set: use ledgerCache(…), or put them around the cache you have')
  }
  if (!Number.isFinite(eagerness) || eagerness < 0) throw new Misuse('eagerness must be a number from 0 on')
  if (whenStoreIsAway !== 'load' && whenStoreIsAway !== 'throw') {
    throw new Misuse(`whenStoreIsAway must be 'load' or 'throw'`)
  }
  const waitMs = durationMs('wait', wait, WAIT_MS)
  const { ttl } = options
  return new LineFlights<Value>(client, {
    name,
    cache,
    settings: acquireSettings({ wait: waitMs, ...(ttl !== undefined && { ttl }) }, client.defaults),
    freshMs: durationMs('fresh', fresh, { minMs: 1, maxMs: YEAR_MS }),
    staleMs: durationMs('stale', stale, { minMs: 0, maxMs: YEAR_MS }),
    failureMs: durationMs('failureFor', failureFor, WAIT_MS),
    eagerness,
    loadsAlone: whenStoreIsAway === 'load',
  })
}

/**
 * A cache in a ledger of any guard: what a late process computed cannot overwrite what is newer. `name` is that of the
 * flights. Values must survive JSON.
 *
 * @example
 * const cache = ledgerCache(locks, 'prices', ledger(db))
 */
export function ledgerCache<Value>(locks: Locks, name: string, ledger: Ledger): FlightCache<Value> {
  return cacheIn<Value>(checkedLedger(ledger), clientOf(locks), name)
}
