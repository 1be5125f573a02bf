/**
 * A store that answers at once leaves the event loop its turns.
 * @module-tag real-time
 */
import { expect, test } from 'vitest'
import { holdfast } from '../holdfast.ts'
import { memory } from '../stores/memory/index.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { LoopTurn } from './loop-turn.ts'

test('a turn is due after five milliseconds without one, and not once the loop has turned', async () => {
  const clock = virtualClock()
  const turn = new LoopTurn(clock)
  expect(turn.isDue()).toBe(false)
  void clock.stall(4)
  expect(turn.isDue()).toBe(false)
  const stalled = clock.stall(1)
  expect(turn.isDue()).toBe(true)
  await stalled
  expect(turn.isDue()).toBe(false)
})

test.each([0, 2])(
  'timers fire while one lock after the other is taken, each after %d ms of other work',
  async (workMs) => {
    const locks = holdfast(memory())
    let fired = 0
    const timer = setInterval(() => (fired += 1), 5)
    const endsAtMs = performance.now() + 300
    while (performance.now() < endsAtMs) {
      const workedAtMs = performance.now() + workMs
      while (performance.now() < workedAtMs);
      await (await locks.acquire('seat')).release()
    }
    clearInterval(timer)
    expect(fired).toBeGreaterThan(5)
    await locks.close()
  },
)
