/// <reference lib="esnext.disposable" preserve="true" />
/// <reference types="node" preserve="true" />
/**
 * The shape of `redlock` 5 on top of Holdfast, for programs that move one import first and the rest later. What differs,
 * and why, stands in docs/from-redlock.md; new code takes `holdfast()` itself.
 */
export {
  ExecutionError,
  type ExecutionResult,
  type ExecutionStats,
  type NoScripts,
  type RedlockAbortSignal,
  type RedlockClient,
  type RedlockSettings,
  ResourceLockedError,
  type Routine,
} from './shape.ts'
export { Redlock, RedlockLock } from './redlock.ts'

/** As redlock has them: `import Redlock, { Lock, type Settings } from 'redlock'`. */
export { Redlock as default, RedlockLock as Lock } from './redlock.ts'
export type { RedlockSettings as Settings } from './shape.ts'
