/// <reference lib="esnext.disposable" preserve="true" />
/** Locks inside one process: for tests, for development, and for programs that are one process. */
export { memory, memoryEngine } from './store.ts'
export type { MemoryEngine } from './engine.ts'
