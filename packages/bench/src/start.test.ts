/**
 * What a program pays before its first lock is measured for every store that is named.
 * @module-tag real-time
 */
import { expect, test } from 'vitest'
import { benchQuickly } from './quick.fixture.ts'

test('the time, the memory and the CPU of a start are measured', { timeout: 60_000 }, async () => {
  const { suites } = await benchQuickly('start')
  const figures = suites.flatMap((suite) => suite.figures)
  expect(figures.length).toBeGreaterThan(10)
  expect(figures.filter(({ value }) => value === null || value <= 0).map(({ what }) => what)).toEqual([])
})
