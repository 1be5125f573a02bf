/** A store whose client falls silent after a grant, as a process does that died: for `doctor`, to see how long a dead holder blocks. */
import { type Store, StoreUnavailable } from 'holdfast'
import { aroundStore } from 'holdfast/testing'

export function silentStore(store: Store): Store {
  return aroundStore(store, () => ({
    renew: () => Promise.reject(new StoreUnavailable('this client does not renew, to see its lease end')),
    leave: async () => 'gone',
  }))
}
