/**
 * Is there an order of these operations, each between its call and its end, that the model allows? The search of Wing
 * and Gong with Lowe's memory of configurations already seen; exponential in the worst case, so for short histories
 * and for checking the fast checkers.
 */

export interface Interval {
  readonly callNs: number
  /** Infinity: it may have happened at any time since, or not at all. */
  readonly endNs: number
}

/** A sequential object. `step` answers the next state, or `undefined` when the operation cannot happen in this one. */
export interface Model<State, Step> {
  readonly initial: State
  step(state: State, operation: Step): State | undefined
  /** Equal states have equal keys. */
  key(state: State): string
}

/** More operations than this are not searched. */
export const OPERATIONS_MAX = 200
const CONFIGURATIONS_MAX = 2_000_000

export function isLinearizable<State, Step extends Interval>(
  operations: readonly Step[],
  model: Model<State, Step>,
): boolean {
  if (operations.length > OPERATIONS_MAX) {
    throw new RangeError(`${operations.length} operations are too many for a search, at most ${OPERATIONS_MAX}`)
  }
  const byCall = operations.toSorted((a, b) => a.callNs - b.callNs)
  const seen = new Set<string>()
  const pending = [{ done: 0n, state: model.initial }]
  for (let configuration = pending.pop(); configuration !== undefined; configuration = pending.pop()) {
    const { done, state } = configuration
    const key = `${done} ${model.key(state)}`
    if (seen.has(key)) continue
    if (seen.add(key).size > CONFIGURATIONS_MAX) throw new RangeError('the search grew too large')
    let firstEndNs = Number.POSITIVE_INFINITY
    byCall.forEach(({ endNs }, index) => {
      if (!isDone(done, index) && endNs < firstEndNs) firstEndNs = endNs
    })
    if (firstEndNs === Number.POSITIVE_INFINITY) return true
    for (const [index, operation] of byCall.entries()) {
      // Nothing that was called after another one had ended can come before it.
      if (operation.callNs > firstEndNs) break
      if (isDone(done, index)) continue
      const next = model.step(state, operation)
      if (next !== undefined) pending.push({ done: done | (1n << BigInt(index)), state: next })
    }
  }
  return false
}

function isDone(done: bigint, index: number): boolean {
  return ((done >> BigInt(index)) & 1n) === 1n
}
