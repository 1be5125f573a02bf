/**
 * A history made fit for drawing: one lane for each place in the team whatever process had it, holds that end with
 * their process, each server in a lane of its own; and with each thing the line of the history where it stands.
 */
import type { Violation } from '../judge/violation.ts'
import type { HistoryEvent } from '@holdfast/testbed/history'
import { type DrawnEvent, type Finding, type Model } from './model.ts'
import { modelOf } from './model-of.ts'

/** More than one process of one place can have counted to. */
const GENERATION = 10_000_000
/** The first line of a history is its header, and lines are counted from 1. */
const FIRST_EVENT_LINE = 2

/** Time-ordered events in, a model of the whole run out. */
export function drawingOf(events: readonly HistoryEvent[], violations: readonly Violation[]): Model {
  const origin = BigInt(events[0]?.t ?? 0)
  const lineOf = lineFinder(events)
  const findings = violations.map(({ p, k, property, text, atNs }): Finding => {
    const t = String(origin + BigInt(Math.round(atNs)))
    return { t, lane: placeOf(p), text: `${property}: ${text}`, k, line: lineOf(atNs) }
  })
  const processes = new Set(events.map(({ p }) => p))
  const lined = events.map((event, index): DrawnEvent => ({ ...event, line: index + FIRST_EVENT_LINE }))
  // What the store was asked is for the judge; a reader sees who holds and who waits.
  const shown = lined.filter(({ f }) => f !== 'enqueue' && f !== 'renew' && f !== 'left')
  return modelOf([...shown.map((event) => ofPlace(event, processes)), ...endsOfKilled(lined, processes)], findings)
}

/** The line of the first event at or after a moment, in nanoseconds from the first event. */
export function lineFinder(events: readonly HistoryEvent[]): (atNs: number) => number {
  const origin = BigInt(events[0]?.t ?? 0)
  const times = events.map(({ t }) => Number(BigInt(t) - origin))
  return (atNs) => {
    let [low, high] = [0, times.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((times[middle] ?? 0) < atNs) low = middle + 1
      else high = middle
    }
    return Math.min(low, times.length - 1) + FIRST_EVENT_LINE
  }
}

function placeOf(process: string): string {
  return process.split('.')[0] ?? process
}

function ofPlace(event: DrawnEvent, processes: ReadonlySet<string>): DrawnEvent {
  const generation = Number(event.p.split('.')[1] ?? 1) - 1
  const target = event.in?.['target']
  const moved = {
    ...event,
    p: placeOf(event.p),
    op: event.op + generation * GENERATION,
    i: event.i + generation * GENERATION,
  }
  // A server keeps its name.
  if (event.f !== 'nemesis' || target === undefined || !processes.has(String(target))) return moved
  return { ...moved, in: { ...event.in, target: placeOf(String(target)) } }
}

/** A hold of a process that was killed ends there, as if its loss had been told. */
function endsOfKilled(events: readonly DrawnEvent[], processes: ReadonlySet<string>): DrawnEvent[] {
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
  return grants.flatMap((grant): DrawnEvent[] => {
    const token = String(grant.out?.['token'])
    if (ended.has(`${grant.p} ${grant.k} ${token}`)) return []
    const t = crashes.get(grant.p) ?? grant.t
    const end = { ...grant, t, i: grant.i + GENERATION / 2, e: 'sig', f: 'lost-signal', in: { token } } as const
    return [ofPlace(end, processes)]
  })
}
