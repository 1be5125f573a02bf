/** A plan of faults that counts the calls of each method. */
import type { FaultPlan, StoreMethod } from '../testing/unreliable.ts'

export function counting(plan: FaultPlan = () => undefined): {
  readonly plan: FaultPlan
  readonly calls: Record<string, number>
} {
  const calls: Record<string, number> = {}
  return {
    calls,
    plan: (index, method: StoreMethod) => {
      calls[method] = (calls[method] ?? 0) + 1
      return plan(index, method)
    },
  }
}
