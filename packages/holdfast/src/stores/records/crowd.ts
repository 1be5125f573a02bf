/**
 * A change of lines whose waiters are rows, for engines with tables: few rows are loaded, the change runs on thin lines, and
 * again on more rows when those were too few. What it wrote goes to the table when it is over. See thin-line.ts.
 */
import type { Moment } from '../../line/transition.ts'
import type { LineRecord, RecordChange } from './engine.ts'
import { decodeWaiter } from './record.ts'
import {
  mustSweepRows,
  needsMoreRows,
  noWaiters,
  type RowChanges,
  rowChangesOf,
  sweptSummary,
  type ThinLine,
  thinLineOf,
} from './thin-line.ts'

/** The next, and who would be next then. More is needed in one of hundreds of steps. */
const WINDOW = 4
const WIDER = 8
const ALL_ROWS = Number.MAX_SAFE_INTEGER

/** What a step reads and writes, line by line. */
export type Lines = Pick<RecordChange, 'read' | 'write'>

/** A record of which some rows are loaded. */
export interface ThinRecord {
  /** With the loaded rows in its line, and bundles for the others. */
  readonly record: LineRecord
  readonly thin: ThinLine
}

/** The rows that a step on a line may concern. */
export interface RowQuery {
  /** So many of the first ones, */
  readonly window: number
  /** those of these claims, */
  readonly ids: readonly string[]
  /** those that ended at this moment, or end more than `WAITER_LIFE_MS` after it, where there may be any, */
  readonly sweptMs: number | null
  /** and the first one of none of these channels, where others than the asker's process hold: it looks for their crashes. */
  readonly passed: readonly string[]
}

export interface WaiterText {
  readonly sequence: number
  readonly rank: number
  readonly endsAtMs: number
  readonly text: string
}

export interface FoundWaiters {
  readonly rows: readonly WaiterText[]
  /** The first end of the rows that go on, where that was asked. */
  readonly nextEndsAtMs: number | null
}

export interface CrowdTable {
  load(resource: string, window: number): ThinRecord
  save(resource: string, record: LineRecord, changes: RowChanges): void
}

/** `undefined` where all waiters are in the record. */
export function rowQueryOf(
  { line, waiters }: LineRecord,
  wanted: { readonly ids: readonly string[] | 'all'; readonly window?: number },
  { nowMs }: Moment,
  channel: string | undefined,
): RowQuery | undefined {
  if (waiters === undefined) return undefined
  const { ids, window = WINDOW } = wanted
  const others = line.claims.flatMap((claim) => (claim.channel === channel ? [] : claim.channel))
  return {
    window: ids === 'all' ? ALL_ROWS : window,
    ids: ids === 'all' ? [] : ids,
    sweptMs: mustSweepRows(waiters, nowMs) ? nowMs : null,
    passed: channel === undefined ? [] : others,
  }
}

/** What is asked for before the record is known. */
export function firstQueryOf(ids: readonly string[] | 'all'): RowQuery {
  const [window, asked] = ids === 'all' ? [ALL_ROWS, []] : [WINDOW, ids]
  return { window, ids: asked, sweptMs: null, passed: [] }
}

export function widerQueryOf(query: RowQuery): RowQuery {
  return { ...query, window: Math.min(query.window * WIDER, ALL_ROWS) }
}

const noPlaces: ReadonlyMap<string, number> = new Map()

export function plainRecord(record: LineRecord): ThinRecord {
  return { record, thin: { line: record.line, places: noPlaces, summary: noWaiters } }
}

/**
 * `restEndsAtMs`: the first end of the rows that go on, `null` where there are none; asked only where rows were swept.
 * Throws `SyntaxError` for rows that are damaged, or fewer than the record says: a step would look for them without an end.
 */
export function thinRecordOf(
  record: LineRecord,
  { window, sweptMs }: RowQuery,
  rows: readonly WaiterText[],
  restEndsAtMs: number | null,
): ThinRecord {
  const { line, observers, waiters = noWaiters } = record
  if (rows.length < Math.min(window, waiters.rows)) throw new SyntaxError('rows are missing')
  const loaded = rows.map(({ sequence, rank, endsAtMs, text }) => {
    // The record of a line under another clock says how long its waiters live (translation.ts).
    const endMs = Math.min(Math.max(endsAtMs, waiters.endsAtMs), waiters.lastEndsAtMs)
    return { sequence, rank, claim: decodeWaiter(text, endMs) }
  })
  const summary = sweptMs === null ? waiters : sweptSummary(waiters, restEndsAtMs, sweptMs)
  const thin = thinLineOf(line, summary, loaded)
  return { record: { line: thin.line, observers }, thin }
}

/** Runs the work until it had enough rows, which it has at the latest with all of them. */
export function changeCrowds<Result>(table: CrowdTable, work: (lines: Lines) => Result): Result {
  for (let window = WINDOW; ; window = Math.min(window * WIDER, ALL_ROWS)) {
    const loaded = new Map<string, ThinRecord>()
    const written = new Map<string, LineRecord>()
    const load = (resource: string): ThinRecord => {
      const found = loaded.get(resource) ?? table.load(resource, window)
      loaded.set(resource, found)
      return found
    }
    const result = work({
      read: (resource) => written.get(resource) ?? load(resource).record,
      write: (resource, record) => void written.set(resource, record),
    })
    if ([...written].some(([resource, { line }]) => needsMoreRows(load(resource).thin, line))) continue
    for (const [resource, record] of written) save(table, resource, load(resource).thin, record)
    return result
  }
}

function save(table: CrowdTable, resource: string, before: ThinLine, after: LineRecord): void {
  const { record, changes } = splitRecordOf(before, after)
  table.save(resource, record, changes)
}

/** What stays in the record, and what becomes of the rows. */
export function splitRecordOf(
  before: ThinLine,
  { line, observers }: LineRecord,
): { readonly record: LineRecord; readonly changes: RowChanges } {
  const changes = rowChangesOf(before, line)
  const { inRecord, summary } = changes
  const record: LineRecord = { line: { lastToken: line.lastToken, claims: inRecord }, observers }
  return { record: summary.rows === 0 ? record : { ...record, waiters: summary }, changes }
}
