/**
 * A line of thousands stays cheap: engines with tables keep who holds in the record of the line and who waits as rows, and
 * a step loads the rows that it can concern — the first few, those of the asker, those that ended. The others stand in the
 * line as one waiting claim with a count. After the step it is checked whether that was enough; if not, the step runs again
 * on more rows. See docs/protocols/records.md#crowds.
 */
import type { Line, LineClaim, WaitingClaim } from '../../line/line.ts'
import { WAITER_LIFE_MS } from '../../store/limits.ts'

/** A waiting claim as a row. */
export interface WaiterRow {
  /** Its place: rows are in the order of their sequence numbers. */
  readonly sequence: number
  /** How many rows stand before it. */
  readonly rank: number
  readonly claim: WaitingClaim
}

/** What the record of a line says of its rows. */
export interface WaiterSummary {
  readonly rows: number
  readonly weight: number
  /** The last sequence number that was given while the line had rows. */
  readonly sequence: number
  /** No row ends before this, */
  readonly endsAtMs: number
  /** and none after this. */
  readonly lastEndsAtMs: number
}

export const noWaiters: WaiterSummary = {
  rows: 0,
  weight: 0,
  sequence: 0,
  endsAtMs: Number.MAX_SAFE_INTEGER,
  lastEndsAtMs: 0,
}

/**
 * So many waiters are cheaper in the record, where a step reads and writes one row of the engine: in SQLite the two cost the
 * same at 128 for one process, and at about half of that for several. When there were more they stay rows until few are
 * left, so that a line does not go to and fro.
 */
export const IN_RECORD_MAX = 64
const IN_RECORD_AGAIN = 4

export interface ThinLine {
  readonly line: Line
  /** The sequence numbers of the loaded rows and of the bundles, by claim id. */
  readonly places: ReadonlyMap<string, number>
  readonly summary: WaiterSummary
}

export interface RowChanges {
  readonly summary: WaiterSummary
  /** Sequence numbers of rows that are gone. */
  readonly dropped: readonly number[]
  /** Rows that are new or changed. */
  readonly put: readonly Omit<WaiterRow, 'rank'>[]
  /** The claims that stay in the record. */
  readonly inRecord: readonly LineClaim[]
}

/** No claim id has one (record.ts). */
const BUNDLE = '/'

export function isBundle({ id }: LineClaim): boolean {
  return id.startsWith(BUNDLE)
}

/** The claims of the record, then the loaded rows with bundles where rows were left out. `rows` in their order. */
export function thinLineOf(record: Line, summary: WaiterSummary, rows: readonly WaiterRow[]): ThinLine {
  if (summary.rows === 0) return { line: record, places: new Map(), summary }
  const claims = [...record.claims]
  const places = new Map<string, number>()
  const capacity = claims[0]?.capacity ?? rows[0]?.claim.capacity ?? 1
  let [passed, weight, lastSequence] = [0, 0, 0]
  const bundle = (count: number, bundled: number): void => {
    const id = `${BUNDLE}${passed}`
    places.set(id, lastSequence + 0.5)
    claims.push(bundleOf(id, count, bundled, capacity, summary.endsAtMs))
  }
  for (const { sequence, rank, claim } of rows) {
    // Of rows between two loaded ones only the number is known, and that they weigh at least 1 each.
    if (rank > passed) bundle(rank - passed, rank - passed)
    weight += rank - passed + claim.weight
    claims.push(claim)
    places.set(claim.id, sequence)
    lastSequence = sequence
    passed = rank + 1
  }
  if (summary.rows > passed) bundle(summary.rows - passed, Math.max(summary.weight - weight, summary.rows - passed))
  return { line: { lastToken: record.lastToken, claims }, places, summary }
}

function bundleOf(id: string, count: number, weight: number, capacity: number, endsAtMs: number): WaitingClaim {
  const nobody = { note: '', owner: '', channel: '', ttlMs: 0, lockDelayMs: 0 }
  return { ...nobody, id, state: 'waiting', count, weight, capacity, endsAtMs }
}

/**
 * Whether the steps on a line looked into a bundle: it was granted, which may be over again by the next step, or would be the
 * next in line. Then they must run again on more rows.
 */
export function needsMoreRows(before: ThinLine, after: Line): boolean {
  const next = after.claims.find(isWaiting)
  if (next !== undefined && isBundle(next)) return true
  return waitingBundles(after) < waitingBundles(before.line)
}

function waitingBundles({ claims }: Line): number {
  return claims.filter((claim) => isBundle(claim) && isWaiting(claim)).length
}

/**
 * Whether rows may have ended, or end later than any place can, because the clock was set back. All of those have to be
 * loaded then: a step ends them and cuts them one by one.
 */
export function mustSweepRows({ endsAtMs, lastEndsAtMs }: WaiterSummary, nowMs: number): boolean {
  return endsAtMs <= nowMs || lastEndsAtMs > nowMs + WAITER_LIFE_MS
}

/** The summary when they were: `restEndsAtMs` is the first end of the others. */
export function sweptSummary(summary: WaiterSummary, restEndsAtMs: number | null, nowMs: number): WaiterSummary {
  return { ...summary, endsAtMs: restEndsAtMs ?? noWaiters.endsAtMs, lastEndsAtMs: nowMs + WAITER_LIFE_MS }
}

/** Whether a line that has no rows gets none. */
export function staysInRecord({ claims }: Line, waitersMax: number = IN_RECORD_MAX): boolean {
  if (claims.length <= waitersMax) return !claims.some(isBundle)
  return claims.every((claim) => !isBundle(claim)) && claims.filter(isWaiting).length <= waitersMax
}

/** What a step changed, by the identity of the claims: a claim that is the same object was not touched. */
export function rowChangesOf(before: ThinLine, after: Line, inRecordMax: number = IN_RECORD_MAX): RowChanges {
  if (staysInRecord(after, before.summary.rows === 0 ? inRecordMax : Math.min(inRecordMax, IN_RECORD_AGAIN)))
    return { summary: noWaiters, dropped: [...before.places.values()], put: [], inRecord: after.claims }
  const loaded = new Map(before.line.claims.map((claim) => [claim.id, claim]))
  const inRecord: LineClaim[] = []
  const put: Omit<WaiterRow, 'rank'>[] = []
  const dropped: number[] = []
  const kept = new Set<string>()
  let { rows, weight, sequence, endsAtMs, lastEndsAtMs } = before.summary
  let lastSequence = 0
  for (const claim of after.claims) {
    const known = before.places.get(claim.id)
    if (isBundle(claim)) {
      lastSequence = known ?? lastSequence
      continue
    }
    if (claim.state !== 'waiting') {
      inRecord.push(claim)
      continue
    }
    kept.add(claim.id)
    endsAtMs = Math.min(endsAtMs, claim.endsAtMs)
    lastEndsAtMs = Math.max(lastEndsAtMs, claim.endsAtMs)
    // An id that ended and came again stands behind the others: in its old row it would jump the line.
    const isMoved = known !== undefined && known < lastSequence
    const old = loaded.get(claim.id)
    if (known === undefined) rows += 1
    weight += claim.weight - (known === undefined ? 0 : (old?.weight ?? 0))
    if (isMoved) dropped.push(known)
    const place = known === undefined || isMoved ? (sequence += 1) : known
    lastSequence = place
    if (old !== claim || isMoved || known === undefined) put.push({ sequence: place, claim })
  }
  for (const [id, place] of before.places) {
    if (kept.has(id) || id.startsWith(BUNDLE)) continue
    dropped.push(place)
    rows -= 1
    weight -= loaded.get(id)?.weight ?? 0
  }
  return { summary: { rows, weight, sequence, endsAtMs, lastEndsAtMs }, dropped, put, inRecord }
}

function isWaiting({ state }: LineClaim): boolean {
  return state === 'waiting'
}
