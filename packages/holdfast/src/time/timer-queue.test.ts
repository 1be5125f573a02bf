import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { settle, virtualClock } from '../testing/virtual-clock.ts'
import { TimerQueue, type ScheduledItem } from './timer-queue.ts'

describe('an queue', () => {
  test('keeps every item at its time, in order, whatever is added, moved and cancelled', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('add' as const), atMs: fc.integer({ min: 1, max: 1_000 }) }),
      fc.record({ kind: fc.constant('move' as const), pick: fc.nat(), atMs: fc.integer({ min: 1, max: 1_000 }) }),
      fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat() }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const clock = virtualClock({ monotonicMs: 0 })
        const fired: { readonly id: number; readonly atMs: number }[] = []
        const queue = new TimerQueue<number>(clock, {
          batchMax: 7,
          due: (ids) => fired.push(...ids.map((id) => ({ id, atMs: clock.monotonicMs() }))),
        })
        const appointments: ScheduledItem<number>[] = []
        const expected = new Map<number, number>()
        for (const [id, each] of steps.entries()) {
          if (each.kind === 'add') {
            appointments.push(queue.add(id, each.atMs))
            expected.set(id, each.atMs)
            continue
          }
          const chosen = appointments[each.pick % Math.max(1, appointments.length)]
          if (chosen === undefined) continue
          if (each.kind === 'move') {
            queue.move(chosen, each.atMs)
            expected.set(chosen.item, each.atMs)
          } else {
            queue.cancel(chosen)
            expected.delete(chosen.item)
          }
        }
        expect(queue.size).toBe(expected.size)
        await clock.advance(1_000)
        expect(fired.map(({ id, atMs }) => `${id} at ${atMs}`).toSorted()).toEqual(
          [...expected].map(([id, atMs]) => `${id} at ${atMs}`).toSorted(),
        )
        expect(queue.size).toBe(0)
        await settle()
        expect(clock.timers).toBe(0)
      }),
      { numRuns: 150 },
    )
  })

  test('hands over what is due at once in batches, the rest on the next turn of the event loop', async () => {
    const clock = virtualClock()
    const batches: number[] = []
    const queue = new TimerQueue<number>(clock, { batchMax: 500, due: (items) => batches.push(items.length) })
    for (let item = 0; item < 1_200; item += 1) queue.addIn(item, 10)
    await clock.advance(10)
    expect(batches).toEqual([500, 500, 200])
  })

  test('takes company along that is due a little later, but never begins early', async () => {
    const clock = virtualClock({ monotonicMs: 0 })
    const fired: [number, readonly number[]][] = []
    const queue = new TimerQueue<number>(clock, {
      batchMax: 10,
      earlyMs: () => 20,
      due: (items) => fired.push([clock.monotonicMs(), items]),
    })
    for (const atMs of [100, 115, 130]) queue.add(atMs, atMs)
    await clock.advance(200)
    expect(fired).toEqual([
      [100, [100, 115]],
      [130, [130]],
    ])
  })
})
