/** A store whose client falls silent after a grant, as a process does that died: for `doctor`, to see how long a dead holder blocks. */
import { type Store, StoreUnavailable } from 'holdfast'

export function silentStore(store: Store): Store {
  return {
    open: (environment) => store.open(environment),
    close: () => store.close(),
    enter: (claim) => store.enter(claim),
    watch: (subject, memo, signal) => store.watch(subject, memo, signal),
    look: (resource) => store.look(resource),
    admin: store.admin,
    renew: () => Promise.reject(new StoreUnavailable('this client does not renew, to see its lease end')),
    leave: async () => 'gone',
  }
}
