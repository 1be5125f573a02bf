/** A burst, and then so many a second: each caller by itself. */
import { expect, test } from 'vitest'
import { Rate } from './rate.ts'

function passed(rate: Rate, caller: object, asks: number, nowMs: number): number {
  let count = 0
  for (let ask = 0; ask < asks; ask += 1) {
    try {
      rate.count(caller, nowMs)
      count += 1
    } catch (error) {
      expect(error).toMatchObject({ code: 'LIMITED' })
    }
  }
  return count
}

test('a caller may ask four hundred times at once, and then two hundred times a second', () => {
  const [rate, caller] = [new Rate(), {}]
  expect(passed(rate, caller, 1_000, 0)).toBe(400)
  expect(passed(rate, caller, 1_000, 500)).toBe(100)
  expect(passed(rate, caller, 1_000, 60_000)).toBe(400)
})

test('the crowd of one caller costs no other one', () => {
  const rate = new Rate()
  passed(rate, {}, 1_000, 0)
  expect(passed(rate, {}, 10, 0)).toBe(10)
})
