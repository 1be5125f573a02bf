import fc from 'fast-check'
import { expect, test } from 'vitest'
import { virtualClock } from '../testing/virtual-clock.ts'
import { stampOf } from './clock.ts'
import { deadlineOf, marginMs, remainingMs } from './deadline.ts'

test('the margin is one hundredth of the life and never under 2 ms', () => {
  expect(marginMs(10_000)).toBe(100)
  expect(marginMs(100)).toBe(2)
  expect(marginMs(0)).toBe(2)
})

test('the life counts from the moment of asking, not of the answer', async () => {
  const clock = virtualClock()
  const askedAt = stampOf(clock)
  await clock.advance(4_000)
  expect(remainingMs(deadlineOf(askedAt, 10_000), clock)).toBeCloseTo(5_900)
})

test('a holder stops before the engine does, wherever between question and answer the engine judged', () => {
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 86_400_000 }), fc.nat({ max: 60_000 }), (lifeMs, judgedLaterMs) => {
      const askedAt = { monotonicMs: 5_000, wallMs: 9_000 }
      // The engine's clock may be slow by the drift the margin allows for.
      const engineEndsMs = askedAt.monotonicMs + judgedLaterMs + lifeMs * 0.9995
      return deadlineOf(askedAt, lifeMs).monotonicMs < engineEndsMs
    }),
  )
})

test('a machine that slept through the lease does not believe in it any more', () => {
  const clock = virtualClock()
  const deadline = deadlineOf(stampOf(clock), 10_000)
  clock.suspend(20_000)
  expect(remainingMs(deadline, clock)).toBeLessThan(0)
})

test('a wall clock that is set forward ends a lease early, and one that is set back cannot prolong it', async () => {
  const clock = virtualClock()
  const deadline = deadlineOf(stampOf(clock), 10_000)
  clock.stepWall(-3_600_000)
  await clock.advance(9_899)
  expect(remainingMs(deadline, clock)).toBeCloseTo(1)
  await clock.advance(1)
  expect(remainingMs(deadline, clock)).toBeLessThanOrEqual(0.001)
  clock.stepWall(7_200_000)
  expect(remainingMs(deadline, clock)).toBeLessThan(0)
})

test('a life shorter than its margin is over at once', () => {
  const clock = virtualClock()
  expect(remainingMs(deadlineOf(stampOf(clock), 1), clock)).toBeLessThan(0)
})
