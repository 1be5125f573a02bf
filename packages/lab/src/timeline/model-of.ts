/** Reads a history into the model that a timeline draws. */
import { byTime, type HistoryEvent, tokenOf } from '@holdfast/testbed/history'
import { marksOf } from './marks-of.ts'
import { packRows } from './rows.ts'
import { holdsOf, stepsOf, waitsOf } from './spans-of.ts'
import { faultMarksOf, pausesOf } from './fault-marks.ts'
import type { DrawnEvent, Finding, Lane, LaneKind, Model, Reading, Span, Unplaced } from './model.ts'

/** Marks closer than this share of the run get rows of their own. */
const MARK_SPREAD = 0.012
/** A fault that hits every process has no lane. */
const EVERYTHING = 'everything'

export function modelOf(history: readonly DrawnEvent[], findings: readonly Finding[] = []): Model {
  const events = byTime(history)
  const first = events[0]
  const last = events.at(-1)
  if (first === undefined || last === undefined) return { lengthMs: 0, lanes: [], tokens: [] }
  const origin = BigInt(first.t)
  const at = (t: string): number => Number(BigInt(t) - origin) / 1e6
  const committers = new Map<string, string>()
  for (const { f, k, p } of events) if (f === 'commit' && !committers.has(k)) committers.set(k, p)
  const faults = events.filter(({ f }) => f === 'nemesis')
  const reading: Reading = { events, at, lengthMs: at(last.t), findings, committers, faults }
  return { lengthMs: reading.lengthMs, tokens: tokensOf(events), lanes: lanesOf(reading) }
}

function tokensOf(events: readonly HistoryEvent[]): string[] {
  const tokens = events.filter((event) => event.f === 'acquire').flatMap((event) => tokenOf(event) ?? [])
  return [...new Set(tokens)]
    .map((token) => ({ token, value: BigInt(token) }))
    .toSorted((a, b) => (a.value < b.value ? -1 : 1))
    .map(({ token }) => token)
}

/** Who works comes first, then the servers, then who only answers; a process with nothing to draw, such as the one that makes the faults, gets no lane. */
function lanesOf(reading: Reading): Lane[] {
  const own = Map.groupBy(reading.events, (event) => event.p)
  const refused = Map.groupBy(
    reading.events.filter((event) => event.err?.code === 'STALE_TOKEN'),
    (event) => reading.committers.get(event.k) ?? event.p,
  )
  const targets = reading.faults.map((event) => String(event.in?.['target'])).filter((name) => name !== EVERYTHING)
  const lanes = [...new Set([...own.keys(), ...targets])]
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => laneOf(name, { own, refused }, reading))
  const of = (kind: LaneKind): Lane[] => lanes.filter((lane) => lane.kind === kind)
  return [
    ...of('process'),
    ...of('server').filter(({ pauses, marks }) => pauses.length + marks.length > 0),
    ...of('resource').filter(({ marks }) => marks.length > 0),
  ]
}

interface ByLane {
  readonly own: ReadonlyMap<string, readonly DrawnEvent[]>
  readonly refused: ReadonlyMap<string, readonly DrawnEvent[]>
}

function laneOf(name: string, { own: all, refused }: ByLane, reading: Reading): Lane {
  const own = all.get(name) ?? []
  const thick = placeByActor([...holdsOf(own, reading), ...stepsOf(own, reading)])
  const waits = packRows(waitsOf(own, reading), (span) => span)
  const unplaced = [
    ...marksOf(name, { own, refused: refused.get(name) ?? [], all }, reading),
    ...faultMarksOf(name, reading),
  ]
  const marks = packRows(unplaced, (mark) => ({
    fromMs: mark.atMs,
    toMs: mark.atMs + reading.lengthMs * MARK_SPREAD,
  }))
  const pauses = pausesOf(name, reading)
  const spans = [...thick.placed, ...waits.placed]
  return {
    name,
    kind: spans.length > 0 ? 'process' : own.length === 0 ? 'server' : 'resource',
    thickRows: Math.max(1, thick.rows, marks.rows),
    thinRows: waits.rows,
    spans,
    marks: marks.placed,
    pauses,
  }
}

/** All that one actor does shares a row, so that a charge is seen inside the hold it belongs to. */
function placeByActor(spans: readonly Unplaced<Span>[]): { placed: Span[]; rows: number } {
  const actors = Map.groupBy(spans, (span) => span.actor)
  const groups = [...actors.values()].map((group) => ({
    group,
    fromMs: group.reduce((least, span) => Math.min(least, span.fromMs), Number.POSITIVE_INFINITY),
    toMs: group.reduce((most, span) => Math.max(most, span.toMs), 0),
  }))
  const packed = packRows(groups, (group) => group)
  return {
    rows: packed.rows,
    placed: packed.placed.flatMap(({ group, row }) => group.map((span) => ({ ...span, row }))),
  }
}
