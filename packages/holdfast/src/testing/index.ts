/**
 * What a store, a guard, or an application is tested with: the conformance cases as data, a clock that is moved by
 * hand, and a store behind a bad network. No test runner is inside; every case rejects when it fails.
 */
export { conformance } from './conformance.ts'
export { exceptionOf } from './case.ts'
export type { Case, Context, Need } from './case.ts'
export { runCase } from './run-case.ts'
export type { Bench, Engine } from './run-case.ts'
export { settle, virtualClock } from './virtual-clock.ts'
export type { VirtualClock, VirtualClockOptions } from './virtual-clock.ts'
export { onCall, unreliable } from './unreliable.ts'
export type { Fault, Plan, Silence, StoreMethod, UnreliableStore } from './unreliable.ts'
export * from './guard-contract.ts'
export { lockConformance } from './lock/cases.ts'
export { dresses } from './lock/dress.ts'
export { runLockCase } from './lock/run-lock-case.ts'
export type { LockCase, LockClient, LockKit } from './lock/case.ts'
export type { Dress } from './lock/dress.ts'
