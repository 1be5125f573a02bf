/** The rule over ordered keys, beside the transition of a line: the same holders, the same refusals, and no waiter forgotten. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyLine, type Line } from '../../line/line.ts'
import { enterLine, leaveLine, type Moment } from '../../line/transition.ts'
import { claim } from '../claims.fixture.ts'
import type { LineEntry } from './engine.ts'
import { blockersOf, judged, refusalOf } from './rule.ts'

const NOW: Moment = { nowMs: 0, tokenScaleUs: 1n }

const steps = (capacity: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(
    fc.oneof(
      fc.record({
        weight: fc.integer({ min: 0, max: capacity }),
        capacity: fc.oneof({ weight: 12, arbitrary: fc.constant(capacity) }, fc.constant(capacity + 1)),
        queue: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
      }),
      fc.record({ leaves: fc.nat({ max: 30 }) }),
    ),
    { maxLength: 60 },
  )

type Step =
  | { readonly weight: number; readonly capacity: number; readonly queue: boolean }
  | { readonly leaves: number }

class BothLines {
  line: Line = emptyLine
  entries: LineEntry[] = []

  step(step: Step): void {
    if ('leaves' in step) this.#leave(step.leaves)
    else this.#enter(step)
  }

  #enter(wish: Exclude<Step, { readonly leaves: number }>): void {
    const asked = claim('n!lock', wish)
    const model = enterLine(this.line, asked, 'here', NOW)
    this.line = model.line
    const refusal = refusalOf(this.entries, wish)
    const { id, weight, capacity } = asked
    if (refusal === undefined) this.entries.push({ key: `l/${id}`, id, weight, capacity, isLingering: false })
    const holds = judged(this.entries, 0).at(-1)?.holds === true
    const kind = refusal?.kind ?? (holds ? 'held' : 'queued')
    expect([kind, refusal?.because, refusal?.capacity]).toEqual([
      model.answer.kind,
      'because' in model.answer ? model.answer.because : undefined,
      'capacity' in model.answer ? model.answer.capacity : undefined,
    ])
  }

  #leave(place: number): void {
    const [left] = this.entries.splice(place % Math.max(1, this.entries.length), 1)
    if (left !== undefined) this.line = leaveLine(this.line, { resource: 'n!lock', id: left.id }, 0, NOW).line
  }

  holders(): readonly string[] {
    return judged(this.entries, 0).flatMap(({ id, holds }) => (holds ? [id] : []))
  }
}

describe('the rule', () => {
  test.each([1, 2, 3, 5])('grants and refuses as a line of capacity %i does', (capacity) => {
    fc.assert(
      fc.property(steps(capacity), (sequence) => {
        const lines = new BothLines()
        for (const step of sequence) {
          lines.step(step)
          const held = lines.line.claims.filter(({ state }) => state === 'held').map(({ id }) => id)
          expect(lines.holders()).toEqual(held)
        }
      }),
      { numRuns: 300 },
    )
  })

  test('counts what was not read in front of a mutex claim', () => {
    const entry = { key: 'a', id: 'a', weight: 1, capacity: 1, isLingering: false }
    expect(judged([entry], 1)[0]?.holds).toBe(false)
    expect(judged([entry], 0)[0]?.holds).toBe(true)
  })
})

describe('what a waiter waits for', () => {
  test('has come whenever its turn has, whatever went first', () => {
    const line = fc.integer({ min: 1, max: 5 }).chain((capacity) =>
      fc.record({
        capacity: fc.constant(capacity),
        weights: fc.array(fc.integer({ min: 0, max: capacity }), { minLength: 1, maxLength: 12 }),
        own: fc.integer({ min: 1, max: capacity }),
        order: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
      }),
    )
    fc.assert(
      fc.property(line, ({ capacity, weights, own, order }) => {
        let ahead = weights.map((weight, index): LineEntry => {
          const key = `l/${index}`
          return { key, id: key, weight, capacity, isLingering: false }
        })
        const fits = (): boolean => ahead.reduce((sum, { weight }) => sum + weight, own) <= capacity
        if (fits()) return
        const blockers = blockersOf(ahead, { weight: own, capacity, queue: true })
        let gone = 0
        let isTold = false
        for (const place of order) {
          const [left] = ahead.splice(place % Math.max(1, ahead.length), 1)
          gone += left === undefined ? 0 : (blockers.weights.get(left.key) ?? 0)
          isTold ||= gone >= blockers.enough
          if (fits()) expect(isTold).toBe(true)
        }
        ahead = []
        expect(blockers.enough).toBeGreaterThan(0)
      }),
      { numRuns: 2_000 },
    )
  })

  test('is the last writer for a reader, and enough permits for the waiter of a semaphore', () => {
    const entry = (id: string, weight: number): LineEntry => ({ key: id, id, weight, capacity: 10, isLingering: false })
    const readers = [entry('a', 10), entry('b', 1), entry('c', 10), entry('d', 1)]
    expect(blockersOf(readers, { weight: 1, capacity: 10, queue: true })).toEqual({
      weights: new Map([['c', 10]]),
      enough: 10,
    })
    const permits = [entry('a', 4), entry('b', 3), entry('c', 3), entry('d', 2), entry('e', 0)]
    expect(blockersOf(permits, { weight: 2, capacity: 10, queue: true })).toEqual({
      weights: new Map([
        ['a', 4],
        ['b', 3],
        ['c', 3],
        ['d', 2],
      ]),
      enough: 4,
    })
  })
})
