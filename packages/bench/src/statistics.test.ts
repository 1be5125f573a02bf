import { describe, expect, test } from 'vitest'
import { jain, median, percentile } from './statistics.ts'

describe('statistics', () => {
  test('a percentile is a value that occurred, the one at its rank', () => {
    const values = [5, 1, 4, 2, 3, 10, 9, 8, 7, 6]
    expect(median(values)).toBe(5)
    expect(percentile(values, 0.99)).toBe(10)
    expect(percentile(values, 0)).toBe(1)
    expect(median([])).toBeNaN()
  })

  test('numbers are sorted as numbers', () => {
    expect(median([100, 20, 3])).toBe(20)
  })

  test("Jain's index is 1 for equal shares and 1/n when one takes everything", () => {
    expect(jain([3, 3, 3, 3])).toBe(1)
    expect(jain([8, 0, 0, 0])).toBe(0.25)
  })
})
