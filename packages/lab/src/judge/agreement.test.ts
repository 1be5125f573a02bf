import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkFifo } from './fifo.ts'
import { isLinearizable, type Model, OPERATIONS_MAX } from './linearizability.ts'
import { fencedMutex, type LockStep, mutex, ownerAwareMutex, permits, risingTokens } from './models.ts'
import { checkOverlap } from './overlap.ts'
import type { Hold, Operation, Record } from './record.ts'
import { checkTokenOrder } from './token-order.ts'

const RUNS = 3_000

interface Span {
  readonly callNs: number
  readonly waitNs: number
  readonly holdNs: number
  readonly releaseNs: number
  readonly weight: number
  readonly token: number
}

const span = (weightMax: number): fc.Arbitrary<Span> =>
  fc.record({
    callNs: fc.nat(30),
    waitNs: fc.integer({ min: 1, max: 12 }),
    holdNs: fc.integer({ min: 1, max: 6 }),
    releaseNs: fc.integer({ min: 1, max: 4 }),
    weight: fc.integer({ min: 1, max: weightMax }),
    token: fc.nat(12),
  })

function holdOf(one: Span, index: number, capacity: number): Hold {
  const fromNs = one.callNs + one.waitNs
  const toNs = fromNs + one.holdNs
  const token = BigInt(one.token + 1)
  const { callNs, weight } = one
  return {
    p: `p${index}`,
    k: 'seat',
    token,
    weight,
    capacity,
    callNs,
    fromNs,
    toNs,
    validUntilNs: 1e9,
    lives: [{ fromNs, untilNs: 1e9 }],
    released: true,
  }
}

function stepsOf(hold: Hold, one: Span): LockStep[] {
  const { p: owner, weight, token, callNs, fromNs, toNs } = hold
  return [
    { f: 'acquire', owner, weight, token, callNs, endNs: fromNs },
    { f: 'release', owner, weight, token, callNs: toNs, endNs: toNs + one.releaseNs },
  ]
}

const recordOf = (holds: readonly Hold[]): Record => ({ holds, operations: [], moments: [], lengthNs: 1e9 })

/** Random histories, about as many good as bad; says how many were good, so that a test cannot pass on one kind alone. */
function agree<State>(options: {
  readonly capacity: number
  readonly model: Model<State, LockStep>
  readonly fast: (holds: readonly Hold[]) => boolean
  readonly steps?: (hold: Hold, one: Span) => LockStep[]
  readonly many?: number
}): number {
  const { capacity, model, fast, steps = stepsOf, many = 5 } = options
  let good = 0
  fc.assert(
    fc.property(fc.array(span(capacity), { minLength: 1, maxLength: many }), (spans) => {
      const holds = spans.map((one, index) => holdOf(one, index, capacity))
      const allowed = isLinearizable(
        spans.flatMap((one, index) => steps(holds[index] as Hold, one)),
        model,
      )
      if (allowed) good += 1
      expect(fast(holds)).toBe(allowed)
    }),
    { numRuns: RUNS },
  )
  return good
}

function expectBothKinds(good: number): void {
  expect(good).toBeGreaterThan(RUNS / 50)
  expect(good).toBeLessThan(RUNS - RUNS / 50)
}

const fits = (holds: readonly Hold[]): boolean => checkOverlap(recordOf(holds)).length === 0
const rises = (holds: readonly Hold[]): boolean => checkTokenOrder(recordOf(holds)).length === 0

describe('the fast checkers agree with a search for an order', () => {
  it('V with a mutex that knows its owner', () => {
    expectBothKinds(agree({ capacity: 1, model: ownerAwareMutex, fast: fits }))
  })

  it('V with permits and their weights', () => {
    expectBothKinds(agree({ capacity: 4, model: permits(4), fast: fits, many: 6 }))
  })

  it('T with a counter that rises', () => {
    // Not exclusive, so that only the order of the answers counts.
    const grantsOnly = (hold: Hold, one: Span): LockStep[] => stepsOf(hold, one).slice(0, 1)
    const fast = (holds: readonly Hold[]): boolean => rises(holds.map((hold) => ({ ...hold, capacity: 2 })))
    expectBothKinds(agree({ capacity: 1, model: risingTokens, fast, steps: grantsOnly }))
  })

  it('V and T together with a fenced mutex', () => {
    const fast = (holds: readonly Hold[]): boolean => fits(holds) && rises(holds)
    expectBothKinds(agree({ capacity: 1, model: fencedMutex, fast, many: 3 }))
  })

  it('F with the definition, pair by pair', () => {
    let good = 0
    fc.assert(
      fc.property(fc.array(span(1), { minLength: 2, maxLength: 5 }), (spans) => {
        const entries = spans.map(({ callNs, waitNs, token }, index): Operation => {
          const out = { standing: 'held', token: String(token + 1) }
          const shared = { p: `p${index}`, f: 'enqueue', k: 'seat', outcome: 'ok', code: undefined } as const
          return { ...shared, callNs, endNs: callNs + waitNs, in: { id: String(index) }, out }
        })
        const overtaken = spans.some((a) => spans.some((b) => a.callNs + a.waitNs < b.callNs && a.token > b.token))
        if (!overtaken) good += 1
        const found = checkFifo({ operations: entries, moments: [], holds: [], lengthNs: 100 })
        expect(found.length > 0).toBe(overtaken)
      }),
      { numRuns: RUNS },
    )
    expectBothKinds(good)
  })
})

describe('the search', () => {
  const step = (f: LockStep['f'], owner: string, callNs: number, endNs: number): LockStep => ({
    f,
    owner,
    callNs,
    endNs,
    weight: 1,
    token: 1n,
  })

  it('lets an operation without an answer have happened or not', () => {
    const lost = step('acquire', 'a', 0, Number.POSITIVE_INFINITY)
    expect(isLinearizable([lost, step('acquire', 'b', 1, 2)], mutex)).toBe(true)
    expect(isLinearizable([lost, step('release', 'b', 1, 2)], mutex)).toBe(true)
  })

  it('refuses a mutex that is released before it was taken', () => {
    expect(isLinearizable([step('release', 'a', 0, 1), step('acquire', 'a', 2, 3)], mutex)).toBe(false)
  })

  it('finds an order of 200 operations with five at a time', () => {
    const steps = Array.from({ length: OPERATIONS_MAX / 2 }, (_, index) => [
      step('acquire', `p${index}`, index * 10 - 40, index * 10 + 1),
      step('release', `p${index}`, index * 10 + 5, index * 10 + 9),
    ]).flat()
    expect(isLinearizable(steps, ownerAwareMutex)).toBe(true)
    expect(() => isLinearizable([...steps, step('release', 'x', 0, 1)], ownerAwareMutex)).toThrow(RangeError)
  })
})
