/** What every guard must do, as data without a test runner: hand each case a way to make a fresh guarded resource. */
import { admissionCases } from './guard/admission.ts'
import type { GuardCase } from './guard/case.ts'
import { orderCases } from './guard/order.ts'

export type { GuardCase } from './guard/case.ts'
export {
  lostUpdates,
  tokensGoneBack,
  type Change,
  type Commit,
  type GuardedRegister,
  type GuardedResource,
  type MakeGuard,
  type WriteHooks,
} from './guard/register.ts'
export { runWorkload, type WorkloadOptions, type WorkloadResult } from './guard/workload.ts'

export const guardCases: readonly GuardCase[] = [...orderCases, ...admissionCases]
