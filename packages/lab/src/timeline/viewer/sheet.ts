/** A model as it travels inside a page: names once, everything else as rows of numbers. */
import type { LaneKind, MarkKind, Model, SpanKind } from '../model.ts'

export interface Sheet {
  readonly lengthMs: number
  readonly lanes: readonly SheetLane[]
  readonly locks: readonly string[]
  /** In grant order: the place decides the colour. */
  readonly tokens: readonly string[]
}

export interface SheetLane {
  readonly name: string
  readonly kind: LaneKind
  readonly thickRows: number
  readonly thinRows: number
  /** Ordered by their beginning, as all rows are. */
  readonly spans: readonly SheetSpan[]
  readonly marks: readonly SheetMark[]
  readonly pauses: readonly SheetPause[]
}

/** Kind, from, length (ms), row, lock, token (or -1), line of the history (or 0), what is said of it. */
export type SheetSpan = readonly [SpanKind, number, number, number, number, number, number, string]
/** Kind, at (ms), lock, token, line, what is said of it. */
export type SheetMark = readonly [MarkKind, number, number, number, number, string]
/** From, length (ms), line, what is done. */
export type SheetPause = readonly [number, number, number, string]

const NONE = -1

export function sheetOf(model: Model): Sheet {
  const lanes = model.lanes
  const names = lanes.flatMap(({ spans, marks }) => [...spans, ...marks].map(({ k }) => k)).filter((k) => k !== '')
  const locks = [...new Set(names)].toSorted()
  const lockIndex = new Map(locks.map((name, index) => [name, index]))
  const tokenIndex = new Map(model.tokens.map((token, index) => [token, index]))
  const lockOf = (k: string): number => lockIndex.get(k) ?? NONE
  const tokenOf = (token: string | undefined): number => tokenIndex.get(token ?? '') ?? NONE
  return {
    lengthMs: short(model.lengthMs),
    locks,
    tokens: model.tokens,
    lanes: lanes.map((lane): SheetLane => ({
      name: lane.name,
      kind: lane.kind,
      thickRows: placedRows(lane.spans),
      thinRows: lane.thinRows,
      spans: lane.spans
        .map(({ kind, fromMs, toMs, row, k, token, line, detail }): SheetSpan => {
          return [kind, short(fromMs), short(toMs - fromMs), row, lockOf(k), tokenOf(token), line ?? 0, detail]
        })
        .toSorted((a, b) => a[1] - b[1]),
      marks: lane.marks
        .map(({ kind, atMs, k, token, line, detail }): SheetMark => {
          return [kind, short(atMs), lockOf(k), tokenOf(token), line ?? 0, detail]
        })
        .toSorted((a, b) => a[1] - b[1]),
      pauses: lane.pauses
        .map(({ fromMs, toMs, line, what }): SheetPause => [short(fromMs), short(toMs - fromMs), line ?? 0, what])
        .toSorted((a, b) => a[0] - b[0]),
    })),
  }
}

/** Marks have a row of their own here. */
function placedRows(spans: Model['lanes'][number]['spans']): number {
  return spans.reduce((most, { kind, row }) => (kind === 'wait' ? most : Math.max(most, row + 1)), 0)
}

/** To a microsecond. */
function short(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
