/** Opens stores in tests, as a client does. */
import { environmentOf, timersOf } from '../store/environment.ts'
import type { OpenStore, Store, StoreEnvironment } from '../store/store.ts'
import { type Clock, systemClock } from '../time/clock.ts'

/** Never aborts. */
export const never: AbortSignal = new AbortController().signal

export function environment(clock: Clock = systemClock, signal: AbortSignal = never): StoreEnvironment {
  return environmentOf(clock, timersOf(clock), signal)
}

export function opened(store: Store, clock: Clock = systemClock, signal: AbortSignal = never): Promise<OpenStore> {
  return store.open(environment(clock, signal))
}
