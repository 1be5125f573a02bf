/**
 * A store in the memory of this process. It is the shortest store there is, and the model that the others are compared
 * with.
 */
import type { Store } from '../../store/store.ts'
import { recordStore } from '../records/store.ts'
import { MemoryEngine } from './engine.ts'

/** An engine for several clients of this process, as if each of them were connected to one server. */
export function memoryEngine(): MemoryEngine {
  return new MemoryEngine()
}

/** A store in memory. Without an engine it gets one of its own. */
export function memory(engine: MemoryEngine = memoryEngine()): Store {
  return recordStore(engine.open)
}
