/** Clients of one memory engine on one virtual clock, each behind a store that may be made unreliable. */
import { holdfast, type Locks } from '../holdfast.ts'
import { memory, memoryEngine } from '../stores/memory/index.ts'
import { type FaultPlan, unreliable, type UnreliableStore } from '../testing/unreliable.ts'
import { type VirtualClock, virtualClock } from '../testing/virtual-clock.ts'
import type { HoldfastOptions } from './options.ts'
import type { LineView } from '../store/store.ts'

export interface TestClient {
  readonly locks: Locks
  readonly store: UnreliableStore
}

export interface World {
  readonly clock: VirtualClock
  client(options?: HoldfastOptions, plan?: FaultPlan): TestClient
  /** The line of a name in the default namespace, seen by somebody whose connection works. */
  line(name: string): Promise<LineView>
}

export function world(): World {
  const clock = virtualClock()
  const engine = memoryEngine()
  const client = (options: HoldfastOptions = {}, plan: FaultPlan = () => undefined): TestClient => {
    const store = unreliable(memory(engine), plan)
    return { store, locks: holdfast(store, { ttl: '9s', clock, ...options }) }
  }
  const observer = client()
  return { clock, client, line: (name) => observer.locks.inspect(name) }
}
