/** @module-tag real-time */
import { afterEach, expect, test, vi } from 'vitest'
import { sleep, stampOf, systemClock } from './clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

function fired(delayMs: number): Promise<number> {
  const startedAt = systemClock.monotonicMs()
  return new Promise((resolve) => systemClock.schedule(delayMs, () => resolve(systemClock.monotonicMs() - startedAt)))
}

test('the monotonic clock is the one of the system, the same for every process', () => {
  const systemMs = (): number => Number(process.hrtime.bigint()) / 1e6
  const [before, wallBefore] = [systemMs(), Date.now()]
  const { monotonicMs, wallMs } = stampOf(systemClock)
  const [after, wallAfter] = [systemMs(), Date.now()]
  // The origin of the clock is a reading itself.
  expect(monotonicMs).toBeGreaterThan(before - 1)
  expect(monotonicMs).toBeLessThan(after + 1)
  expect(wallMs).toBeGreaterThan(wallBefore - 2)
  expect(wallMs).toBeLessThan(wallAfter + 2)
})

test('a timer never fires before its time, although those of Node do', async () => {
  const delays = Array.from({ length: 600 }, (_, index) => 1 + (index % 40) + (index % 7) / 7)
  const late = await Promise.all(delays.map(async (delayMs) => (await fired(delayMs)) - delayMs))
  // The two readings of the clock are 1e-6 apart in their last digits.
  expect(Math.min(...late)).toBeGreaterThanOrEqual(-1e-6)
})

test('a delay of nothing, less than nothing or no number means the next turn of the event loop, never this one', async () => {
  for (const delayMs of [0, -5, Number.NaN]) {
    let called = false
    systemClock.schedule(delayMs, () => {
      called = true
    })
    await Promise.resolve()
    expect(called).toBe(false)
    await new Promise((resolve) => setImmediate(resolve))
    expect(called).toBe(true)
  }
})

test.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 5, 2 ** 33])(
  'a timer of %i ms fires then and not at once',
  async (delayMs) => {
    vi.useFakeTimers()
    const calls: number[] = []
    systemClock.schedule(delayMs, () => calls.push(performance.now()))
    const startedAt = performance.now()
    await vi.advanceTimersByTimeAsync(delayMs - 1)
    expect(calls).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(calls).toEqual([startedAt + delayMs])
  },
)

test('a timer without end never fires', async () => {
  vi.useFakeTimers()
  let called = false
  const timer = systemClock.schedule(Number.POSITIVE_INFINITY, () => {
    called = true
  })
  await vi.advanceTimersByTimeAsync(2 ** 33)
  expect(called).toBe(false)
  timer.cancel()
  expect(vi.getTimerCount()).toBe(0)
})

test('a cancelled timer does not fire, also after a part of a long delay, and cancelling again does nothing', async () => {
  vi.useFakeTimers()
  let called = false
  const timer = systemClock.schedule(2 ** 32, () => {
    called = true
  })
  await vi.advanceTimersByTimeAsync(2 ** 31 + 10)
  timer.cancel()
  timer.cancel()
  await vi.advanceTimersByTimeAsync(2 ** 32)
  expect(called).toBe(false)
})

test('a sleep ends early and quietly when its signal aborts', async () => {
  const controller = new AbortController()
  const asleep = sleep(systemClock, 60_000, controller.signal)
  controller.abort(new Error('enough'))
  await expect(asleep).resolves.toBeUndefined()
  await expect(sleep(systemClock, 60_000, controller.signal)).resolves.toBeUndefined()
  await expect(sleep(systemClock, 1)).resolves.toBeUndefined()
})
