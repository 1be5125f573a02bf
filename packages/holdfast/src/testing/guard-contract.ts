/** What every guard must do, as data without a test runner: hand each case a way to make a fresh guarded resource. */
import { admissionCases } from './guard/admission.ts'
import type { GuardCase } from './guard/case.ts'
import { orderCases } from './guard/order.ts'

export type { GuardCase } from './guard/case.ts'
export { lostUpdates, tokensGoneBack } from './guard/register.ts'
export type { Change, Commit, GuardedRegister, GuardedResource, MakeGuard, WriteHooks } from './guard/register.ts'
export { runWorkload } from './guard/workload.ts'
export type { WorkloadOptions, WorkloadResult } from './guard/workload.ts'

export const guardCases: readonly GuardCase[] = [...orderCases, ...admissionCases]
