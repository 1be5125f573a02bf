/** @module-tag real-time */
import { expect, test } from 'vitest'
import { Hopeless, until } from './until.ts'

test('what came about while a busy machine overslept the limit is seen by one more look', async () => {
  const startMs = performance.now()
  setTimeout(() => {
    while (performance.now() - startMs < 150);
  }, 2)
  await until(() => performance.now() - startMs > 50, { withinMs: 100, everyMs: 10, what: 'what is true since 50 ms' })
})

test('what never comes about is told with the last error as the cause', async () => {
  const cause = new Error('refused')
  const waiting = until(() => Promise.reject(cause), { withinMs: 30, what: 'the answer', details: () => '; no log' })
  await expect(waiting).rejects.toMatchObject({ message: 'the answer did not happen within 30 ms; no log', cause })
})

test('what can never come about ends the wait at once', async () => {
  const startMs = performance.now()
  const waiting = until(() => Promise.reject(new Hopeless('it died')), { withinMs: 60_000, what: 'the answer' })
  await expect(waiting).rejects.toThrow('it died')
  expect(performance.now() - startMs).toBeLessThan(30_000)
})
