/**
 * A store that answers at once leaves the event loop its turns.
 * @module-tag real-time
 */
import { expect, test } from 'vitest'
import { holdfast } from '../holdfast.ts'
import { memory } from '../stores/memory/index.ts'
import { LoopTurn } from './loop-turn.ts'

test('a turn is due after five milliseconds of uninterrupted work, and never after a pause', () => {
  const turn = new LoopTurn()
  const due: number[] = []
  for (let nowMs = 0; nowMs < 12; nowMs += 0.5) if (turn.isDue(nowMs)) due.push(nowMs)
  expect(due).toEqual([5, 10])
  expect(turn.isDue(100)).toBe(false)
  expect(turn.isDue(104)).toBe(false)
})

test('timers fire while one lock after the other is taken from a store that answers at once', async () => {
  const locks = holdfast(memory())
  let fired = 0
  const timer = setInterval(() => (fired += 1), 5)
  const endsAtMs = performance.now() + 300
  while (performance.now() < endsAtMs) await (await locks.acquire('seat')).release()
  clearInterval(timer)
  expect(fired).toBeGreaterThan(5)
  await locks.close()
})
