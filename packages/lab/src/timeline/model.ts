/**
 * What a timeline draws: lanes, holds, waits, steps, pauses and marks in milliseconds from the first event. No pixels
 * here, so the drawing can change without touching how a history is read.
 */
import type { HistoryEvent } from '@holdfast/testbed/history'

/** An event, and the line of the history it stands on, where that is known. */
export interface DrawnEvent extends HistoryEvent {
  readonly line?: number
}

/** `overtime`: the holder's own clock says the lease is over, and the holder has not noticed yet. */
export type SpanKind = 'hold' | 'overtime' | 'step' | 'wait'

export interface Span {
  readonly kind: SpanKind
  readonly fromMs: number
  readonly toMs: number
  readonly row: number
  /** The resource. */
  readonly k: string
  readonly token: string | undefined
  readonly label: string
  readonly detail: string
  /** Of the history. */
  readonly line?: number | undefined
}

/** `fault`: one that is made in a moment and has no end. */
export type MarkKind = 'accepted' | 'refused' | 'violation' | 'event' | 'fault'

export interface Mark {
  readonly kind: MarkKind
  readonly atMs: number
  readonly row: number
  /** The resource; empty where it is about all of them. */
  readonly k: string
  readonly token: string | undefined
  readonly label: string
  readonly detail: string
  readonly line?: number | undefined
}

/** A time in which something is done to the lane. */
export interface Pause {
  readonly fromMs: number
  readonly toMs: number
  /** For the drawing: `stopped` for so long. */
  readonly what: string
  readonly line?: number | undefined
}

/** `process`: it works. `server`: it is only hurt. `resource`: it only answers. */
export type LaneKind = 'process' | 'server' | 'resource'

export interface Lane {
  readonly name: string
  readonly kind: LaneKind
  /** Rows for holds and steps, and thin rows for waits. */
  readonly thickRows: number
  readonly thinRows: number
  readonly spans: readonly Span[]
  readonly marks: readonly Mark[]
  readonly pauses: readonly Pause[]
}

export interface Model {
  readonly lengthMs: number
  readonly lanes: readonly Lane[]
  /** In grant order: the place decides the colour. */
  readonly tokens: readonly string[]
}

/** Something a judge found, pinned to a lane and a moment (monotonic nanoseconds). */
export interface Finding {
  readonly t: string
  readonly lane: string
  readonly text: string
  readonly k?: string
  readonly line?: number
}

export type Unplaced<T> = Omit<T, 'row'> & { readonly actor?: string }

/** A history, with what is looked up in it again and again. */
export interface Reading {
  readonly events: readonly DrawnEvent[]
  readonly at: (t: string) => number
  readonly lengthMs: number
  readonly findings: readonly Finding[]
  /** Who first committed to a resource. */
  readonly committers: ReadonlyMap<string, string>
  readonly faults: readonly DrawnEvent[]
}
