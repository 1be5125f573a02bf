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
  expect(turn.due()).toBeUndefined()
  void clock.stall(4)
  expect(turn.due()).toBeUndefined()
  const stalled = clock.stall(1)
  expect(turn.due()).toBeInstanceOf(Promise)
  expect(turn.due()).toBe(turn.due())
  await turn.due()
  expect(turn.due()).toBeUndefined()
  await stalled
})

test('what waits for a turn goes on in one moment, so that a store can still send it together', async () => {
  const clock = virtualClock()
  const turn = new LoopTurn(clock)
  expect(turn.due()).toBeUndefined()
  void clock.stall(5)
  let [goneOn, moments] = [0, 0]
  const all = Array.from({ length: 50 }, async () => {
    await turn.due()
    if (goneOn === 0) process.nextTick(() => (moments += 1))
    goneOn += 1
    expect(moments).toBe(0)
  })
  await Promise.all(all)
  expect(goneOn).toBe(50)
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
