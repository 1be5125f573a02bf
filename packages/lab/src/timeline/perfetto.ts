/**
 * A timeline as a trace in the format of Chrome, which ui.perfetto.dev opens: a process a lane, a track each for what it holds,
 * does, waits for and suffers.
 */
import type { Mark, Model, Pause, Span } from './model.ts'
import { packRows } from './rows.ts'

/** Times in microseconds from the first event of the history. */
export interface TraceEvent {
  /** `X` lasts, `i` is a moment, `M` names a process or a track. */
  readonly ph: 'X' | 'i' | 'M'
  readonly name: string
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly dur?: number
  readonly cat?: string
  /** Across the tracks of its process. */
  readonly s?: 'p'
  readonly args: Readonly<Record<string, string | number>>
}

export interface TraceDocument {
  readonly displayTimeUnit: 'ms'
  readonly otherData: Readonly<Record<string, string>>
  readonly traceEvents: readonly TraceEvent[]
}

/** In the order in which they stand below each other. Slices of one track may not overlap, so a group has as many as it needs. */
const GROUPS = ['faults', 'holds', 'works', 'waits'] as const
const TRACKS_PER_GROUP = 1_000
const GROUP_OF = { hold: 'holds', overtime: 'holds', step: 'works', wait: 'waits' } as const

/** `about` says which run it was. */
export function toPerfetto({ lanes }: Model, about: Readonly<Record<string, string>> = {}): TraceDocument {
  const traceEvents = lanes.flatMap((lane, index) => {
    const pid = index + 1
    const slices = [...lane.spans.map(sliceOfSpan), ...lane.pauses.map(sliceOfPause)]
    return [
      named('process_name', pid, 0, { name: lane.name }),
      named('process_sort_index', pid, 0, { sort_index: index }),
      ...GROUPS.flatMap((group, at) => tracksOf(group, slices, { pid, firstTid: 1 + at * TRACKS_PER_GROUP })),
      ...lane.marks.map((mark) => momentOf(mark, pid)),
    ]
  })
  return { displayTimeUnit: 'ms', otherData: about, traceEvents }
}

interface Slice {
  readonly group: (typeof GROUPS)[number]
  readonly fromMs: number
  readonly toMs: number
  readonly name: string
  readonly cat: string
  readonly args: TraceEvent['args']
}

function sliceOfSpan({ kind, fromMs, toMs, k, token, label, detail, line }: Span): Slice {
  const name = kind === 'step' ? label : kind === 'overtime' ? `${k} (lease over)` : k
  return { group: GROUP_OF[kind], fromMs, toMs, name, cat: kind, args: argsOf({ k, token, detail, line }) }
}

function sliceOfPause({ fromMs, toMs, what, line }: Pause): Slice {
  return { group: 'faults', fromMs, toMs, name: what, cat: 'fault', args: argsOf({ line }) }
}

function tracksOf(
  group: string,
  slices: readonly Slice[],
  { pid, firstTid }: { readonly pid: number; readonly firstTid: number },
): readonly TraceEvent[] {
  const { placed, rows } = packRows(
    slices.filter((slice) => slice.group === group),
    (slice) => slice,
  )
  const names = Array.from({ length: rows }, (_, row) => {
    const tid = firstTid + row
    return [
      named('thread_name', pid, tid, { name: row === 0 ? group : `${group} ${row + 1}` }),
      named('thread_sort_index', pid, tid, { sort_index: tid }),
    ]
  })
  const events = placed.map(({ row, fromMs, toMs, name, cat, args }): TraceEvent => {
    return {
      ph: 'X',
      name,
      cat,
      pid,
      tid: firstTid + row,
      ts: microseconds(fromMs),
      dur: microseconds(toMs - fromMs),
      args,
    }
  })
  return [...names.flat(), ...events]
}

function momentOf({ kind, atMs, k, token, label, detail, line }: Mark, pid: number): TraceEvent {
  const name = label === '' ? kind : label
  return {
    ph: 'i',
    s: 'p',
    name,
    cat: kind,
    pid,
    tid: 1,
    ts: microseconds(atMs),
    args: argsOf({ k, token, detail, line }),
  }
}

function named(name: string, pid: number, tid: number, args: TraceEvent['args']): TraceEvent {
  return { ph: 'M', name, pid, tid, args }
}

interface Known {
  readonly k?: string
  readonly token?: string | undefined
  readonly detail?: string
  /** Of history.ndjson. */
  readonly line?: number | undefined
}

function argsOf({ k, token, detail, line }: Known): TraceEvent['args'] {
  return {
    ...(k === undefined || k === '' ? {} : { lock: k }),
    ...(token === undefined ? {} : { token }),
    ...(detail === undefined || detail === '' ? {} : { detail }),
    ...(line === undefined ? {} : { line }),
  }
}

/** Whole nanoseconds are exact enough, and shorter. */
function microseconds(ms: number): number {
  return Math.round(ms * 1e6) / 1e3
}
