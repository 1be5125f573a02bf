/** What is asked of a line while one of its claims asks in a way of its own. */
import { expect, test } from 'vitest'
import { type VirtualClock, virtualClock } from '../../testing/virtual-clock.ts'
import { timersOf } from '../../store/environment.ts'
import { CombinedChanges, type PendingChange, type Place } from './combined-changes.ts'
import type { RecordChange } from './engine.ts'

const PLACE: Place = { resource: 'n!line', lane: 'asks' }
const changed = (): string => 'changed'

function recorded(): { readonly clock: VirtualClock; readonly combined: CombinedChanges; readonly order: string[] } {
  const order: string[] = []
  const clock = virtualClock()
  const combined = new CombinedChanges(
    async (_, together: readonly PendingChange[]) =>
      together.map(({ ids, work }) => {
        order.push(...ids)
        return work({} as RecordChange)
      }),
    timersOf(clock),
  )
  return { clock, combined, order }
}

test('the claim that asks first stands first where its own way led nowhere, and is alone where it did not', async () => {
  const { combined, order } = recorded()
  const answer = Promise.withResolvers<string | undefined>()
  const first = combined.askFirst(PLACE, 'first', () => answer.promise, changed)
  const second = combined.add(PLACE, ['second'], changed)
  answer.resolve(undefined)
  expect([await first, await second]).toEqual(['changed', 'changed'])
  const third = combined.askFirst(PLACE, 'third', async () => 'taken', changed)
  const fourth = combined.add(PLACE, ['fourth'], changed)
  expect([await third, await fourth]).toEqual(['taken', 'changed'])
  expect(order).toEqual(['first', 'second', 'fourth'])
})

test('an ask that is repeated because no answer came waits no longer, and neither do those behind it', async () => {
  const { combined, order } = recorded()
  const lost = Promise.withResolvers<string | undefined>()
  const first = combined.askFirst(PLACE, 'first', () => lost.promise, changed)
  const second = combined.add(PLACE, ['second'], changed)
  expect(combined.askFirst(PLACE, 'first', async () => 'again', changed)).toBeUndefined()
  expect(await combined.add(PLACE, ['first'], changed)).toBe('changed')
  expect(await second).toBe('changed')
  expect(order).toEqual(['first', 'second'])
  lost.reject(new Error('lost'))
  await expect(first).rejects.toThrow('lost')
  expect(await combined.add(PLACE, ['third'], changed)).toBe('changed')
})

test('an ask whose answer is lost lets those behind it go on', async () => {
  const { combined, order } = recorded()
  const lost = Promise.withResolvers<string | undefined>()
  const first = combined.askFirst(PLACE, 'first', () => lost.promise, changed)
  const second = combined.add(PLACE, ['second'], changed)
  lost.reject(new Error('lost'))
  await expect(first).rejects.toThrow('lost')
  expect(await second).toBe('changed')
  expect(order).toEqual(['second'])
})

test('those behind an ask that is not answered go on without it', async () => {
  const { clock, combined, order } = recorded()
  const silent = Promise.withResolvers<string | undefined>()
  const first = combined.askFirst(PLACE, 'first', () => silent.promise, changed)
  const second = combined.add(PLACE, ['second'], changed)
  await clock.advance(200)
  expect(await second).toBe('changed')
  silent.resolve(undefined)
  expect(await first).toBe('changed')
  expect(order).toEqual(['second', 'first'])
})
