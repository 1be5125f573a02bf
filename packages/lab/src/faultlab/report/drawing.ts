/**
 * A history made fit for drawing: one lane for each place in the team whatever process had it, holds that end with
 * their process, faults of the store in a lane of its own. Then cut into pieces short enough to be read.
 */
import type { Violation } from '../../judge/violation.ts'
import type { HistoryEvent } from '../../timeline/history.ts'
import { type Finding, type Lane, type Model, modelOf } from '../../timeline/model.ts'
import { STORE } from '../faults/scene.ts'

/** More than one process of one place can have counted to. */
const GENERATION = 10_000_000

/** Time-ordered events in, a model of the whole run out. */
export function drawingOf(events: readonly HistoryEvent[], violations: readonly Violation[]): Model {
  const origin = BigInt(events[0]?.t ?? 0)
  const findings = violations.map(({ p, property, text, atNs }): Finding => {
    return { t: String(origin + BigInt(Math.round(atNs))), lane: placeOf(p), text: `${property}: ${text}` }
  })
  // What the store was asked is for the judge; a reader sees who holds and who waits.
  const shown = events.filter(({ f }) => f !== 'enqueue' && f !== 'renew' && f !== 'left')
  return modelOf([...shown.map(ofPlace), ...endsOfKilled(events)], findings)
}

function placeOf(process: string): string {
  return process.split('.')[0] ?? process
}

function ofPlace(event: HistoryEvent): HistoryEvent {
  const generation = Number(event.p.split('.')[1] ?? 1) - 1
  const { target, kind } = event.in ?? {}
  const moved = {
    ...event,
    p: placeOf(event.p),
    op: event.op + generation * GENERATION,
    i: event.i + generation * GENERATION,
  }
  if (event.f !== 'nemesis' || target === undefined) return moved
  const aimed = { ...event.in, target: placeOf(String(target)) }
  if (target !== STORE) return { ...moved, in: aimed }
  return { ...moved, p: STORE, in: { ...aimed, text: String(kind) } }
}

/** A hold of a process that was killed ends there, as if its loss had been told. */
function endsOfKilled(events: readonly HistoryEvent[]): HistoryEvent[] {
  const crashes = new Map(
    events
      .filter(({ f, in: input }) => f === 'nemesis' && input?.['kind'] === 'crash')
      .map(({ t, in: input }) => [input?.['target'], t]),
  )
  const grants = events.filter(({ p, f, e }) => f === 'acquire' && e === 'ok' && crashes.has(p))
  const ended = new Set(
    events
      .filter(({ f, e }) => f === 'lost-signal' || (f === 'release' && e === 'call'))
      .map(({ p, k, in: input }) => `${p} ${k} ${String(input?.['token'])}`),
  )
  return grants.flatMap((grant): HistoryEvent[] => {
    const token = String(grant.out?.['token'])
    if (ended.has(`${grant.p} ${grant.k} ${token}`)) return []
    const t = crashes.get(grant.p) ?? grant.t
    return [ofPlace({ ...grant, t, i: grant.i + GENERATION / 2, e: 'sig', f: 'lost-signal', in: { token } })]
  })
}

/** The part of a model between two moments, with its own zero. */
export function slice(model: Model, fromMs: number, toMs: number): Model {
  const within = <T extends { readonly fromMs: number; readonly toMs: number }>(items: readonly T[]): T[] =>
    items
      .filter((item) => item.toMs >= fromMs && item.fromMs < toMs)
      .map((item) => ({
        ...item,
        fromMs: Math.max(item.fromMs, fromMs) - fromMs,
        toMs: Math.min(item.toMs, toMs) - fromMs,
      }))
  const lanes = model.lanes.map((lane): Lane => ({
    ...lane,
    spans: within(lane.spans),
    pauses: within(lane.pauses),
    marks: lane.marks
      .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      .map((mark) => ({ ...mark, atMs: mark.atMs - fromMs })),
  }))
  return { startMs: fromMs, lengthMs: toMs - fromMs, lanes, tokens: model.tokens }
}
