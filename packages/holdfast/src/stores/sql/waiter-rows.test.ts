/** The SQL stores beside the pure transition, with lines long enough for rows. */
import { expect, test } from 'vitest'
import { opened } from '../opened.fixture.ts'
import { Pair, walk } from '../records/model-walk.fixture.ts'
import { decodeRecord } from '../records/record.ts'
import { IN_RECORD_MAX } from '../records/thin-line.ts'
import { MemoryDatabase } from './database.fixture.ts'

/** What the records say of their rows is what there is. Answers the most rows of a line. */
function expectSound(database: MemoryDatabase): number {
  let most = 0
  for (const { claims, rows, first, last } of database.lines()) {
    const { waiters } = decodeRecord(claims ?? '', 0n)
    expect(waiters?.rows ?? 0).toBe(Number(rows))
    most = Math.max(most, Number(rows))
    if (waiters === undefined) continue
    expect(waiters.endsAtMs).toBeLessThanOrEqual(Number(first) / 1000)
    expect(waiters.lastEndsAtMs).toBeGreaterThanOrEqual(Number(last) / 1000)
  }
  return most
}

test.each([1, 2])('four thousand steps of three stores on three lines, seed %i', async (seed) => {
  const database = new MemoryDatabase()
  const pair = new Pair(seed, (clock) => opened(database.store(clock), clock))
  let most = 0
  await walk(pair, seed, 4_000, () => void (most = Math.max(most, expectSound(database))))
  expect(most).toBeGreaterThan(IN_RECORD_MAX)
})
