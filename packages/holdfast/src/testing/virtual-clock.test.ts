import { expect, test } from 'vitest'
import { sleep } from '../time/clock.ts'
import { virtualClock } from './virtual-clock.ts'

test('time stands still until it is moved, and then both clocks move together', async () => {
  const clock = virtualClock({ wallMs: 5_000, monotonicMs: 100 })
  expect([clock.monotonicMs(), clock.wallMs()]).toEqual([100, 5_000])
  await clock.advance(250.5)
  expect([clock.monotonicMs(), clock.wallMs()]).toEqual([350.5, 5_250.5])
})

test('timers fire in order, each at its own moment, and of two for one moment the first set fires first', async () => {
  const clock = virtualClock({ monotonicMs: 0 })
  const fired: string[] = []
  const note = (name: string) => () => fired.push(`${name}@${clock.monotonicMs()}`)
  clock.schedule(30, note('late'))
  clock.schedule(10, note('first'))
  clock.schedule(10, note('second'))
  clock.schedule(2 ** 31, note('never'))
  await clock.advance(100)
  expect(fired).toEqual(['first@10', 'second@10', 'late@30'])
  expect(clock.timers).toBe(1)
})

test('what a timer leads to happens before time goes on, also through promises and other timers', async () => {
  const clock = virtualClock({ monotonicMs: 0 })
  const woke: number[] = []
  const loop = async (): Promise<void> => {
    for (let count = 0; count < 5; count += 1) {
      await sleep(clock, 10)
      await new Promise((resolve) => setImmediate(resolve))
      woke.push(clock.monotonicMs())
    }
  }
  const done = loop()
  await clock.advance(1_000)
  await done
  expect(woke).toEqual([10, 20, 30, 40, 50])
})

test('a cancelled timer does not fire, and cancelling after it fired does nothing', async () => {
  const clock = virtualClock()
  let calls = 0
  const cancelled = clock.schedule(10, () => (calls += 1))
  const fires = clock.schedule(10, () => (calls += 1))
  cancelled.cancel()
  cancelled.cancel()
  expect(clock.timers).toBe(1)
  await clock.advance(10)
  fires.cancel()
  expect([calls, clock.timers]).toEqual([1, 0])
})

test('no delay means the next turn of the event loop, without time passing', async () => {
  const clock = virtualClock({ monotonicMs: 7 })
  await new Promise<void>((resolve) => clock.schedule(0, resolve))
  expect(clock.monotonicMs()).toBe(7)
})

test('after a stall the timers run late, at the time it is by then', async () => {
  const clock = virtualClock({ monotonicMs: 0 })
  const fired: number[] = []
  clock.schedule(10, () => fired.push(clock.monotonicMs()))
  clock.schedule(20, () => fired.push(clock.monotonicMs()))
  await clock.stall(500)
  expect(fired).toEqual([500, 500])
})

test('a suspended machine and a wall clock that is set move only the wall clock', () => {
  const clock = virtualClock({ wallMs: 1_000, monotonicMs: 0 })
  clock.suspend(60_000)
  clock.stepWall(-30_000)
  expect([clock.monotonicMs(), clock.wallMs()]).toEqual([0, 31_000])
})
