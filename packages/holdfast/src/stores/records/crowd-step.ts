/**
 * A step on a line that is locked in a server, and whose waiters may be rows there (crowd.ts): the rows come from the server,
 * so a step says which ones it lacks and runs again when they are there.
 */
import type { Moment } from '../../line/transition.ts'
import {
  type FoundWaiters,
  plainRecord,
  type RowQuery,
  rowQueryOf,
  splitRecordOf,
  type ThinRecord,
  thinRecordOf,
  widerQueryOf,
} from './crowd.ts'
import type { LineRecord } from './engine.ts'
import { needsMoreRows, type RowChanges } from './thin-line.ts'

/** A record as it was read, and the rows that were asked for. */
export interface CrowdPart {
  readonly record: LineRecord
  readonly now: Moment
  readonly found: FoundWaiters
  readonly query: RowQuery
}

export type CrowdOutcome =
  | { readonly more: RowQuery }
  | { readonly more?: undefined; readonly record: LineRecord; readonly changes: RowChanges }

/** The record with its rows, or the rows that it lacks: some ended, and all of those have to be loaded. */
export function crowdOf({ record, now, found, query }: CrowdPart): ThinRecord | { readonly more: RowQuery } {
  const wanted = rowQueryOf(record, query, now, undefined)
  if (wanted === undefined) return plainRecord(record)
  if (wanted.sweptMs !== null && query.sweptMs === null) return { more: wanted }
  return thinRecordOf(record, query, found.rows, found.nextEndsAtMs)
}

/** `run` answers what it wrote, `undefined` where the line stays as it is. */
export function stepCrowd(
  part: CrowdPart,
  run: (record: LineRecord) => LineRecord | undefined,
): CrowdOutcome | undefined {
  const crowd = crowdOf(part)
  if ('more' in crowd) return crowd
  const written = run(crowd.record)
  if (written === undefined) return undefined
  if (needsMoreRows(crowd.thin, written.line)) return { more: widerQueryOf(part.query) }
  return splitRecordOf(crowd.thin, written)
}
