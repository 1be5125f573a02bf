/** A store with some of its calls changed: what wrappers of stores are written in. */
import type { OpenStore, Store, StoreEnvironment } from '../store/store.ts'

/**
 * The store, but for the calls that `change` answers for once it is open. The other calls go through as they are.
 *
 * @example
 * const slow = aroundStore(store, (open) => ({ enter: async (claim) => (await pause(), open.enter(claim)) }))
 */
export function aroundStore(
  store: Store,
  change: (open: OpenStore, environment: StoreEnvironment) => Partial<OpenStore>,
): Store {
  return {
    async open(environment) {
      const open = await store.open(environment)
      const changed = change(open, environment)
      const rebase = changed.rebase ?? open.rebase?.bind(open)
      return {
        ...(rebase === undefined ? {} : { rebase }),
        get facts() {
          return changed.facts ?? open.facts
        },
        enter: changed.enter ?? ((claim) => open.enter(claim)),
        renew: changed.renew ?? ((renewals) => open.renew(renewals)),
        leave: changed.leave ?? ((ref, options) => open.leave(ref, options)),
        watch: changed.watch ?? ((ref, signal) => open.watch(ref, signal)),
        observe: changed.observe ?? ((resource, seen, signal) => open.observe(resource, seen, signal)),
        look: changed.look ?? ((resource) => open.look(resource)),
        list: changed.list ?? ((prefix, cursor, limit) => open.list(prefix, cursor, limit)),
        evict: changed.evict ?? ((resource, token, reason) => open.evict(resource, token, reason)),
        close: changed.close ?? (() => open.close()),
      }
    },
  }
}
