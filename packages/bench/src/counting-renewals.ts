/** A store whose renewals are counted on their way: how many leases, in how many calls. */
import type { Store } from 'holdfast'

export function countingRenewals(store: Store): { store: Store; renewals(): number; calls(): number } {
  const renew = store.renew.bind(store)
  let [renewals, calls] = [0, 0]
  store.renew = (batch) => {
    calls += 1
    renewals += batch.length
    return renew(batch)
  }
  return { store, renewals: () => renewals, calls: () => calls }
}
