/** A store whose renewals are counted on their way: how many leases, in how many calls. */
import type { Store } from 'holdfast'
import { aroundStore } from 'holdfast/testing'

export function countingRenewals(store: Store): { store: Store; renewals(): number; calls(): number } {
  let [renewals, calls] = [0, 0]
  const counted = aroundStore(store, (open) => ({
    renew(batch) {
      calls += 1
      renewals += batch.length
      return open.renew(batch)
    },
  }))
  return { store: counted, renewals: () => renewals, calls: () => calls }
}
