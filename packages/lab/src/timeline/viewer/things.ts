/** Everything on the page that can be looked at, pointed at and filtered. */
import type { MarkKind, SpanKind } from '../model.ts'
import type { Sheet, SheetLane } from './sheet.ts'
import { Ordered, type Timed } from './visible.ts'

export type Kind = SpanKind | MarkKind | 'pause'

export interface Thing extends Timed {
  readonly kind: Kind
  readonly lane: string
  readonly row: number
  /** An index into the names of the sheet, or -1. */
  readonly lock: number
  readonly token: number
  /** Of the history, or 0. */
  readonly line: number
  readonly text: string
}

export interface DrawnLane {
  readonly lane: SheetLane
  readonly spans: Ordered<Thing>
  readonly marks: Ordered<Thing>
  readonly pauses: Ordered<Thing>
}

export function lanesOfSheet(sheet: Sheet): DrawnLane[] {
  return sheet.lanes.map((lane) => {
    const { name } = lane
    const spans = lane.spans.map(([kind, fromMs, length, row, lock, token, line, text]): Thing => {
      return { kind, lane: name, fromMs, toMs: fromMs + length, row, lock, token, line, text }
    })
    const marks = lane.marks.map(([kind, fromMs, lock, token, line, text]): Thing => {
      return { kind, lane: name, fromMs, toMs: fromMs, row: 0, lock, token, line, text }
    })
    const pauses = lane.pauses.map(([fromMs, length, line, what]): Thing => {
      const text = `${name}: ${what} for ${(length / 1000).toFixed(2)} s`
      return { kind: 'pause', lane: name, fromMs, toMs: fromMs + length, row: 0, lock: -1, token: -1, line, text }
    })
    return { lane, spans: new Ordered(spans), marks: new Ordered(marks), pauses: new Ordered(pauses) }
  })
}

/** What a reader wants to see; empty means all. */
export interface Filter {
  readonly lock: number | undefined
  readonly lane: string | undefined
  /** A part of the token's digits. */
  readonly token: string
  readonly hidden: ReadonlySet<Group>
}

/** What is switched on and off together. */
export type Group = 'grants' | 'waits' | 'steps' | 'writes' | 'refusals' | 'faults' | 'violations'

const groups: Readonly<Record<Kind, Group>> = {
  hold: 'grants',
  overtime: 'grants',
  wait: 'waits',
  step: 'steps',
  accepted: 'writes',
  event: 'steps',
  refused: 'refusals',
  pause: 'faults',
  fault: 'faults',
  violation: 'violations',
}

/** What has no lock or no token of its own stays: a fault hits all of them. */
export function isShown(thing: Thing, filter: Filter, tokens: readonly string[]): boolean {
  if (filter.hidden.has(groups[thing.kind])) return false
  if (filter.lane !== undefined && thing.lane !== filter.lane) return false
  if (filter.lock !== undefined && thing.lock !== filter.lock && thing.lock !== -1) return false
  if (filter.token === '' || thing.kind === 'pause' || thing.kind === 'fault') return true
  // A violation is of several tokens, which are in its words.
  return (
    (tokens[thing.token] ?? '').includes(filter.token) ||
    (thing.kind === 'violation' && thing.text.includes(filter.token))
  )
}
