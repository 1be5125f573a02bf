/** Holdfast as a locker, over a client that counts. */
import { holdfast } from 'holdfast'
import { redis } from 'holdfast/redis'
import { countingRenewals } from '../counting-renewals.ts'
import { connect } from './client.ts'
import type { Locker, LockerSettings } from '../server/locker.ts'

export async function holdfastLocker({ url, ttlMs, waitMs }: LockerSettings): Promise<Locker> {
  const client = await connect(url)
  const counted = countingRenewals(redis(client))
  const locks = holdfast(counted.store, { ttl: ttlMs, wait: waitMs })
  await locks.open()
  const acquire = async (name: string) => {
    const lease = await locks.acquire(name)
    return () => lease.release()
  }
  return {
    acquire,
    // Every lease is renewed until it is given back.
    keep: acquire,
    readings: () => ({ sent: client.sent, renewals: counted.renewals() }),
    async close() {
      await locks.close()
      client.disconnect()
    },
  }
}
