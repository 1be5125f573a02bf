/** Opens a store without a client above it: for cases, benchmarks and programs that speak to a store directly. */
import { environmentOf, timersOf } from '../store/environment.ts'
import type { OpenStore, Store, StoreEnvironment } from '../store/store.ts'
import { type Clock, systemClock } from '../time/clock.ts'

/** The open store; the caller closes it. `told`: what the store tells while it is open. */
export function openStore(
  store: Store,
  clock: Clock = systemClock,
  told: Pick<StoreEnvironment, 'factsChanged' | 'troubled'> = {},
): Promise<OpenStore> {
  return store.open(environmentOf(clock, timersOf(clock), new AbortController().signal, told))
}
