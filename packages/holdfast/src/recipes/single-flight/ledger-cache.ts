/** A cache in a ledger: what was computed under an older token cannot take the place of what is newer. */
import type { LockClient } from '../../client/client.ts'
import type { Ledger } from '../ledger.ts'
import { recipeName } from '../recipe-name.ts'
import type { Cached, FlightCache } from './single-flight.ts'

export function cacheIn<Value>(ledger: Ledger, client: LockClient, flights: string): FlightCache<Value> {
  return {
    async get(key) {
      const name = recipeName('flight', `${flights}:${key}`)
      const stored = await ledger.get({ namespace: client.namespace, name })
      if (stored === null) return null
      try {
        const { value, madeAtMs, tookMs } = JSON.parse(stored.value) as Omit<Cached<Value>, 'token'>
        return { value, madeAtMs, tookMs, token: stored.token }
      } catch {
        // Another program wrote it: it is computed anew.
        return null
      }
    },
    // What was computed without a lock has no token, and is not kept.
    set: (_key, { value, madeAtMs, tookMs }, { lease }) =>
      lease === null ? undefined : ledger.put(lease, JSON.stringify({ value, madeAtMs, tookMs })),
  }
}
