import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TOKEN_JUMP_MS_MAX } from '../store/limits.ts'
import { scaleUs, TokenScale } from './token-scale.ts'

const NOON_MS = Date.UTC(2030, 5, 1, 12)
const DAY_MS = 24 * 60 * 60 * 1000

test('the scale is the wall clock in microseconds, while that goes as the monotonic clock does', () => {
  const scale = new TokenScale()
  for (const passedMs of [0, 0.25, 1_000, 400 * DAY_MS]) {
    const now = { wallMs: NOON_MS + passedMs, monotonicMs: 7 + passedMs }
    expect(scale.at(now)).toBe(BigInt(Math.floor((NOON_MS + passedMs) * 1000)))
  }
})

test('a wall clock that is set back is followed, and one that is set forward for an hour', () => {
  const scale = new TokenScale({ wallMs: NOON_MS, monotonicMs: 0 })
  const at = (byMs: number): number => Number(scale.at({ wallMs: NOON_MS + byMs, monotonicMs: 0 })) / 1000 - NOON_MS
  expect([-DAY_MS, -1, 0, 60_000, TOKEN_JUMP_MS_MAX].map(at)).toEqual([-DAY_MS, -1, 0, 60_000, TOKEN_JUMP_MS_MAX])
  expect([TOKEN_JUMP_MS_MAX + 1, DAY_MS, 400 * DAY_MS].map(at)).toEqual(Array(3).fill(TOKEN_JUMP_MS_MAX))
})

test('however often the wall clock jumps, the scale is never more than an hour ahead of the monotonic clock', () => {
  const step = fc.record({ passMs: fc.nat(DAY_MS), jumpMs: fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const scale = new TokenScale({ wallMs: NOON_MS, monotonicMs: 0 })
      let [wallMs, monotonicMs] = [NOON_MS, 0]
      for (const { passMs, jumpMs } of steps) {
        monotonicMs += passMs
        wallMs += passMs + jumpMs
        const ms = Number(scale.at({ wallMs, monotonicMs })) / 1000
        expect(ms).toBeLessThanOrEqual(Math.min(wallMs, NOON_MS + monotonicMs + TOKEN_JUMP_MS_MAX))
        expect(ms).toBeGreaterThan(Math.min(wallMs, NOON_MS + monotonicMs) - 1)
      }
    }),
  )
})

test('a date from before this library is no reference', () => {
  const scale = new TokenScale()
  expect(scale.at({ wallMs: 1_000, monotonicMs: 1_000 })).toBe(1_000_000n)
  expect(scale.at({ wallMs: NOON_MS, monotonicMs: 2_000 })).toBe(BigInt(NOON_MS) * 1000n)
  expect(scale.at({ wallMs: NOON_MS + DAY_MS, monotonicMs: 2_000 })).toBe(BigInt(NOON_MS + TOKEN_JUMP_MS_MAX) * 1000n)
})

test('of two clocks the later one is followed as far as the other agrees', () => {
  expect(scaleUs(NOON_MS, NOON_MS - DAY_MS)).toBe(BigInt(NOON_MS - DAY_MS + TOKEN_JUMP_MS_MAX) * 1000n)
  expect(scaleUs(NOON_MS, NOON_MS + DAY_MS)).toBe(BigInt(NOON_MS) * 1000n)
})
