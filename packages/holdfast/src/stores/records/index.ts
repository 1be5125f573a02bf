/// <reference lib="esnext.disposable" preserve="true" />
/** For authors of stores over an engine that keeps each line as one record: docs/write-your-own-store.md. */
export {
  swapStore,
  type OpenSwapEngine,
  type StoredReading,
  type StoredText,
  type SwapEngine,
  type SwapResult,
} from './swap.ts'
export type { Notice, OnNotice } from './engine.ts'
