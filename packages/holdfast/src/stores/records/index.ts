/// <reference lib="esnext.disposable" preserve="true" />
/** For authors of stores over an engine that keeps each line as one record: docs/write-your-own-store.md. */
export { swapStore } from './swap.ts'
export type { OpenSwapEngine, StoredReading, StoredText, SwapEngine, SwapResult } from './swap-engine.ts'
export type { Notice, OnNotice } from './engine.ts'
