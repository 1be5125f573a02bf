/** Waiting claims as rows: a line with many of them keeps them here and not in its record (docs/protocols/sqlite.md#rows). */
import type { FoundWaiters, RowQuery, WaiterText } from '../records/crowd.ts'
import { encodeClaim } from '../records/record.ts'
import type { RowChanges } from '../records/thin-line.ts'
import { WAITER_LIFE_MS } from '../../store/limits.ts'
import { COUNT_WAITERS, READ_FEW_WAITERS, READ_WAITERS, REMOVE_WAITER, WRITE_WAITER } from './schema.ts'
import type { Prepare } from './statements.ts'

/** Inside a transaction, as its record is read in. */
export function findWaiters(
  prepare: Prepare,
  resource: string,
  { window, ids, sweptMs, passed }: RowQuery,
): FoundWaiters {
  const [id = '', ...more] = ids
  const others = passed.length === 0 ? null : JSON.stringify(passed)
  const found =
    more.length === 0 && sweptMs === null && others === null
      ? prepare(READ_FEW_WAITERS).all(resource, window, id)
      : prepare(READ_WAITERS).all(resource, window, JSON.stringify(ids), sweptMs, WAITER_LIFE_MS, others)
  let [rank, last] = [-1, 0n]
  const rows = found.map((row, index): WaiterText => {
    const sequence = row['sequence'] as bigint
    // The first ones follow one another, and what lies between the others is counted.
    rank += index < window ? 1 : 1 + Number(prepare(COUNT_WAITERS).get(resource, last, sequence)?.['count'])
    last = sequence
    return { sequence: Number(sequence), rank, endsAtMs: row['ends'] as number, text: row['text'] as string }
  })
  return { rows, nextEndsAtMs: (found[0]?.['nextEnds'] ?? null) as number | null }
}

export function saveWaiters(prepare: Prepare, resource: string, { dropped, put }: RowChanges): void {
  for (const sequence of dropped) prepare(REMOVE_WAITER).run(resource, sequence)
  for (const { sequence, claim } of put) {
    prepare(WRITE_WAITER).run(resource, sequence, claim.id, claim.channel, claim.endsAtMs, encodeClaim(claim))
  }
}
