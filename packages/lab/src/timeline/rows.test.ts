import fc from 'fast-check'
import { expect, test } from 'vitest'
import { packRows } from './rows.ts'

const interval = fc
  .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 30 }))
  .map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }))

test('intervals in one row never overlap, and there are no more rows than intervals at one moment', () => {
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 30 }), (intervals) => {
      const { placed, rows } = packRows(intervals, (each) => each)
      const together = (a: (typeof intervals)[number], b: (typeof intervals)[number]): boolean =>
        a.fromMs < b.toMs && b.fromMs < a.toMs
      for (const a of placed) for (const b of placed) if (a !== b && a.row === b.row) expect(together(a, b)).toBe(false)
      const most = Math.max(
        0,
        ...intervals.map(({ fromMs: at }) => intervals.filter((b) => b.fromMs <= at && at < b.toMs).length),
      )
      expect(rows).toBe(most)
    }),
  )
})
