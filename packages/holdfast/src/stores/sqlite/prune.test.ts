/** Lines nobody uses are forgotten in time, and their tokens are not. */
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { type Clock, systemClock } from '../../time/clock.ts'
import type { OpenStore } from '../../store/store.ts'
import { sqlite } from './index.ts'
import { claimOf, lockFile, opened, refOf, tokenFrom, tokenOf } from './processes.fixture.ts'

const HOUR_MS = 3_600_000

function adjustable(): { readonly clock: Clock; pass(ms: number): void; setBack(ms: number): void } {
  let [passedMs, backMs] = [0, 0]
  const clock: Clock = {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + passedMs,
    wallMs: () => systemClock.wallMs() + passedMs - backMs,
  }
  return { clock, pass: (ms) => void (passedMs += ms), setBack: (ms) => void (backMs += ms) }
}

/** Opened, with the rows of its file: the resources that have one. */
async function usedFile(
  path: string,
  clock: Clock,
): Promise<{ readonly store: OpenStore; readonly rows: () => readonly unknown[] }> {
  const store = await opened(sqlite({ path }), clock)
  // The file is made by the first change, and this is one of nothing.
  await store.leave(refOf(claimOf()))
  return { store, rows: rowsOf(path) }
}

function rowsOf(path: string): () => readonly unknown[] {
  const database = new DatabaseSync(path, { readOnly: true })
  onTestFinished(() => database.close())
  const rows = database.prepare('SELECT resource FROM line ORDER BY resource')
  return () => rows.all().map((row) => row['resource'])
}

test('lines that were left, and lines whose claims ended, are forgotten after a while; lines in use never', async () => {
  const path = lockFile()
  const { clock, pass } = adjustable()
  const { store, rows } = await usedFile(path, clock)
  for (let index = 0; index < 200; index += 1) await tokenFrom(store, `test!left ${index}`)
  await store.enter(claimOf({ resource: 'test!crashed', ttlMs: 1_000 }))
  const long = claimOf({ resource: 'test!long', ttlMs: 10 * HOUR_MS })
  const token = tokenOf(await store.enter(long))
  const delayed = claimOf({ resource: 'test!delayed', ttlMs: 1_000, lockDelayMs: 10 * HOUR_MS })
  await store.enter(delayed)
  expect(rows()).toHaveLength(203)
  pass(HOUR_MS)
  for (let step = 0; step < 600; step += 1) await store.leave(refOf(claimOf()))
  expect(rows()).toEqual(['test!delayed', 'test!long'])
  expect(await store.leave({ ...refOf(long), token })).toBe('left')
})

test('a file does not grow without bounds when every name is used once', async () => {
  const path = lockFile()
  const { clock, pass } = adjustable()
  const { store, rows } = await usedFile(path, clock)
  let most = 0
  for (let index = 0; index < 3_000; index += 1) {
    await tokenFrom(store, `test!${Math.random()}`)
    pass(1_000)
    if (index % 100 === 0) most = Math.max(most, rows().length)
  }
  expect(most).toBeLessThan(500)
})

test('a line that was forgotten goes on with higher tokens, also when the clock went back', async () => {
  const path = lockFile()
  const { clock, pass, setBack } = adjustable()
  const { store, rows } = await usedFile(path, clock)
  const before = await tokenFrom(store, 'test!forgotten')
  pass(HOUR_MS)
  for (let step = 0; step < 200; step += 1) await store.leave(refOf(claimOf()))
  expect(rows()).toEqual([])
  setBack(3 * HOUR_MS)
  expect(await tokenFrom(store, 'test!forgotten')).toBeGreaterThan(before)
})

test('a line with an observer is kept as long as it remembers the observer', async () => {
  const path = lockFile()
  const { clock, pass } = adjustable()
  const { store, rows } = await usedFile(path, clock)
  const watching = new AbortController()
  const told = store.observe('test!seen', (await store.look('test!seen')).version, watching.signal)
  await new Promise(setImmediate)
  expect(rows()).toEqual(['test!seen'])
  for (let step = 0; step < 200; step += 1) await store.leave(refOf(claimOf()))
  expect(rows()).toEqual(['test!seen'])
  pass(HOUR_MS)
  for (let step = 0; step < 200; step += 1) await store.leave(refOf(claimOf()))
  expect(rows()).toEqual([])
  watching.abort()
  await told
})
