/** Holdfast over any store, as a locker whose renewals are counted. */
import { holdfast, type Store } from 'holdfast'
import { countingRenewals } from '../counting-renewals.ts'
import type { Locker, LockerSettings } from './locker.ts'

export async function holdfastOver(store: Store, { ttlMs, waitMs }: LockerSettings): Promise<Locker> {
  const counted = countingRenewals(store)
  const locks = holdfast(counted.store, { ttl: ttlMs, wait: waitMs })
  await locks.open()
  const acquire = async (name: string) => {
    const lease = await locks.acquire(name)
    return () => lease.release()
  }
  return { acquire, keep: acquire, readings: () => ({ renewals: counted.renewals() }), close: () => locks.close() }
}
