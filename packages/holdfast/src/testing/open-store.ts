/** Opens a store without a client above it: for cases, benchmarks and programs that speak to a store directly. */
import { environmentOf, timersOf } from '../store/environment.ts'
import type { OpenStore, Store } from '../store/store.ts'
import { type Clock, systemClock } from '../time/clock.ts'

/** The open store; the caller closes it. */
export function openStore(store: Store, clock: Clock = systemClock): Promise<OpenStore> {
  return store.open(environmentOf(clock, timersOf(clock), new AbortController().signal))
}
