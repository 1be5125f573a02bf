/// <reference lib="esnext.disposable" preserve="true" />
/**
 * What a store, a guard, or an application is tested with: the conformance cases as data, a clock that is moved by
 * hand, and a store behind a bad network. No test runner is inside; every case rejects when it fails.
 */
export { conformance } from './conformance.ts'
export { exceptionOf, type Case, type Context, type Need } from './case.ts'
export { runCase, type Bench, type Engine } from './run-case.ts'
export { settle, virtualClock, type VirtualClock, type VirtualClockOptions } from './virtual-clock.ts'
export { aroundStore } from './around-store.ts'
export { openStore } from './open-store.ts'
export { systemClock } from '../time/clock.ts'
export {
  onCall,
  unreliable,
  type Fault,
  type FaultPlan,
  type Silence,
  type StoreMethod,
  type UnreliableStore,
} from './unreliable.ts'
export * from './guard-contract.ts'
export { lockConformance } from './lock/cases.ts'
export { dresses, type Dress } from './lock/dress.ts'
export { runLockCase } from './lock/run-lock-case.ts'
export type { LockCase, ClientUnderTest, LockKit } from './lock/case.ts'
