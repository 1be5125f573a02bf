/** Clients of one memory engine on one virtual clock, each behind a store that may be made unreliable. */
import { holdfast } from '../holdfast.ts'
import type { Locks } from '../recipes/locks.ts'
import { memory, memoryEngine } from '../stores/memory/index.ts'
import { aroundStore } from '../testing/around-store.ts'
import { type FaultPlan, unreliable, type UnreliableStore } from '../testing/unreliable.ts'
import { type VirtualClock, virtualClock } from '../testing/virtual-clock.ts'
import type { HoldfastOptions } from './options.ts'
import type { LineView } from '../store/line-view.ts'

export interface TestClient {
  readonly locks: Locks
  readonly store: UnreliableStore
}

export interface World {
  readonly clock: VirtualClock
  /** `change`: calls that do something else than the store. */
  client(options?: HoldfastOptions, plan?: FaultPlan, change?: Parameters<typeof aroundStore>[1]): TestClient
  /** The line of a name in the default namespace, seen by somebody whose connection works. */
  line(name: string): Promise<LineView>
}

export function world(): World {
  const clock = virtualClock()
  const engine = memoryEngine()
  const client: World['client'] = (options = {}, plan = () => undefined, change?) => {
    const store = unreliable(memory(engine), plan)
    const changed = change === undefined ? store : aroundStore(store, change)
    return { store, locks: holdfast(changed, { ttl: '9s', clock, ...options }) }
  }
  const observer = client()
  return { clock, client, line: (name) => observer.locks.inspect(name) }
}
