/** The store beside the pure transition, with lines long enough for rows: same answers, same lines, whatever happens. */
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { Pair, walk } from '../records/model-walk.fixture.ts'
import { decodeRecord } from '../records/record.ts'
import { sqlite } from './index.ts'
import { lockFile, openedOnce } from './processes.fixture.ts'

/** What the records say of their rows is what there is. */
function expectSound(path: string): void {
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const counted = new Map(
      database
        .prepare(
          'SELECT resource, count(*) AS rows, min(ends) AS first, max(ends) AS last FROM waiter GROUP BY resource',
        )
        .all()
        .map((row) => [row['resource'], row]),
    )
    for (const { resource, record } of database.prepare('SELECT resource, record FROM line').all()) {
      const { waiters } = decodeRecord(String(record), 0n)
      const row = counted.get(String(resource))
      expect(waiters?.rows).toBe(row?.['rows'])
      if (waiters === undefined || row === undefined) continue
      expect(waiters.endsAtMs).toBeLessThanOrEqual(Number(row['first']))
      expect(waiters.lastEndsAtMs).toBeGreaterThanOrEqual(Number(row['last']))
      counted.delete(String(resource))
    }
    expect([...counted.keys()]).toEqual([])
  } finally {
    database.close()
  }
}

test.each([1, 2])('four thousand steps of three stores on three lines, seed %i', async (seed) => {
  const path = lockFile()
  const pair = new Pair(seed, (clock) => openedOnce(sqlite({ path }), clock))
  await walk(pair, seed, 4_000, () => expectSound(path))
})
