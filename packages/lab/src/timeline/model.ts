/**
 * What a timeline draws, taken out of a history: lanes, holds, waits, steps, pauses and marks in milliseconds from the
 * first event. No pixels here, so the drawing can change without touching how a history is read.
 */
import { byTime, type HistoryEvent } from './history.ts'
import { packRows } from './rows.ts'

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
}

export type MarkKind = 'accepted' | 'refused' | 'violation' | 'event'

export interface Mark {
  readonly kind: MarkKind
  readonly atMs: number
  readonly row: number
  readonly token: string | undefined
  readonly label: string
  readonly detail: string
}

/** A time in which something is done to the lane. */
export interface Pause {
  readonly fromMs: number
  readonly toMs: number
  /** For the drawing: `stopped` for so long. */
  readonly what: string
}

export interface Lane {
  readonly name: string
  /** Rows for holds and steps, and thin rows for waits. */
  readonly thickRows: number
  readonly thinRows: number
  readonly spans: readonly Span[]
  readonly marks: readonly Mark[]
  readonly pauses: readonly Pause[]
}

export interface Model {
  /** Where the drawing begins, when it is a part of a longer one. @default 0 */
  readonly startMs?: number
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
}

/** Marks closer than this share of the run get rows of their own. */
const MARK_SPREAD = 0.012

export function modelOf(history: readonly HistoryEvent[], findings: readonly Finding[] = []): Model {
  const events = byTime(history)
  const first = events[0]
  const last = events.at(-1)
  if (first === undefined || last === undefined) return { lengthMs: 0, lanes: [], tokens: [] }
  const origin = BigInt(first.t)
  const at = (t: string): number => Number(BigInt(t) - origin) / 1e6
  const reading: Reading = { events, at, lengthMs: at(last.t), findings }
  return {
    lengthMs: reading.lengthMs,
    tokens: tokensOf(events),
    lanes: lanesOf(reading),
  }
}

interface Reading {
  readonly events: readonly HistoryEvent[]
  readonly at: (t: string) => number
  readonly lengthMs: number
  readonly findings: readonly Finding[]
}

function tokensOf(events: readonly HistoryEvent[]): string[] {
  const tokens = events.filter((event) => event.f === 'acquire').flatMap((event) => tokenOf(event) ?? [])
  return [...new Set(tokens)].toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
}

/** Who works comes first, who only answers below; a process with nothing to draw, such as the one that makes the faults, gets no lane. */
function lanesOf(reading: Reading): Lane[] {
  const names = [...new Set(reading.events.map((event) => event.p))]
  const lanes = names
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => laneOf(name, reading))
  const answersOnly = (lane: Lane): boolean => lane.spans.length === 0
  return [
    ...lanes.filter((lane) => !answersOnly(lane)),
    ...lanes.filter((lane) => answersOnly(lane) && lane.marks.length > 0),
  ]
}

function laneOf(name: string, reading: Reading): Lane {
  const own = reading.events.filter((event) => event.p === name)
  const thick = placeByActor([...holdsOf(own, reading), ...stepsOf(own, reading)])
  const waits = packRows(waitsOf(own, reading), (span) => span)
  const marks = packRows(marksOf(name, own, reading), (mark) => ({
    fromMs: mark.atMs,
    toMs: mark.atMs + reading.lengthMs * MARK_SPREAD,
  }))
  const pauses = pausesOf(name, reading)
  return {
    name,
    thickRows: Math.max(1, thick.rows, marks.rows),
    thinRows: waits.rows,
    spans: [...thick.placed, ...waits.placed],
    marks: marks.placed,
    pauses,
  }
}

type Unplaced<T> = Omit<T, 'row'> & { readonly actor?: string }

/** All that one actor does shares a row, so that a charge is seen inside the hold it belongs to. */
function placeByActor(spans: readonly Unplaced<Span>[]): { placed: Span[]; rows: number } {
  const actors = Map.groupBy(spans, (span) => span.actor)
  const groups = [...actors.values()].map((group) => ({
    group,
    fromMs: Math.min(...group.map((span) => span.fromMs)),
    toMs: Math.max(...group.map((span) => span.toMs)),
  }))
  const packed = packRows(groups, (group) => group)
  return {
    rows: packed.rows,
    placed: packed.placed.flatMap(({ group, row }) => group.map((span) => ({ ...span, row }))),
  }
}

function holdsOf(own: readonly HistoryEvent[], reading: Reading): Unplaced<Span>[] {
  return own
    .filter((event) => event.f === 'acquire' && event.e === 'ok')
    .flatMap((grant) => holdOf(grant, own, reading))
}

function holdOf(grant: HistoryEvent, own: readonly HistoryEvent[], { at, lengthMs }: Reading): Unplaced<Span>[] {
  const token = tokenOf(grant)
  const mine = own.filter((event) => event.k === grant.k && tokenOf(event) === token && event.i > grant.i)
  const fromMs = at(grant.t)
  const released = mine.find((event) => event.f === 'release' && event.e === 'call')
  const noticed = mine.find((event) => event.f === 'lost-signal')
  const extended = mine.filter((event) => event.f === 'extended').at(-1)
  const validUntil = extended?.in?.['validUntil'] ?? grant.out?.['validUntil']
  const expiresMs = validUntil === undefined ? lengthMs : Math.min(at(String(validUntil)), lengthMs)
  const stopsMs = released === undefined && noticed === undefined ? expiresMs : at((released ?? noticed)?.t ?? grant.t)
  const toMs = Math.max(fromMs, Math.min(expiresMs, stopsMs))
  const shared = { k: grant.k, token, actor: grant.c ?? grant.p, label: grant.c ?? '' }
  const who = `${grant.c ?? grant.p} holds ${grant.k}, token ${token ?? 'none'}`
  const hold: Unplaced<Span> = {
    ...shared,
    kind: 'hold',
    fromMs,
    toMs,
    detail: `${who}, for ${milliseconds(toMs - fromMs)}`,
  }
  if (stopsMs <= expiresMs) return [hold]
  const detail = `The lease of ${shared.actor} was over here and its holder did not know, for ${milliseconds(stopsMs - expiresMs)}`
  return [hold, { ...shared, kind: 'overtime', fromMs: toMs, toMs: stopsMs, label: '', detail }]
}

const HOLDING = new Set(['acquire', 'release', 'renew'])

/** Every other call with an end: reads, charges, writes. */
function stepsOf(own: readonly HistoryEvent[], { at }: Reading): Unplaced<Span>[] {
  return pairsOf(own.filter((event) => !HOLDING.has(event.f))).map(({ call, end }) => ({
    kind: 'step',
    k: call.k,
    fromMs: at(call.t),
    toMs: at(end.t),
    token: tokenOf(call),
    actor: call.c ?? call.p,
    label: `${call.c ?? call.p}: ${call.f}`,
    detail: `${call.c ?? call.p}: ${call.f} ${call.k}, ${milliseconds(at(end.t) - at(call.t))}${end.err === undefined ? '' : `, ${end.err.code}`}`,
  }))
}

function waitsOf(own: readonly HistoryEvent[], { at }: Reading): Unplaced<Span>[] {
  return pairsOf(own.filter((event) => event.f === 'acquire')).map(({ call, end }) => ({
    kind: 'wait',
    k: call.k,
    fromMs: at(call.t),
    toMs: at(end.t),
    token: tokenOf(end),
    label: '',
    detail: `${call.c ?? call.p} waits for ${call.k}, ${milliseconds(at(end.t) - at(call.t))}`,
  }))
}

function pairsOf(events: readonly HistoryEvent[]): { call: HistoryEvent; end: HistoryEvent }[] {
  const ends = new Map(
    events.filter((event) => event.e !== 'call' && event.e !== 'sig').map((event) => [event.op, event]),
  )
  return events.flatMap((call) => {
    const end = call.e === 'call' ? ends.get(call.op) : undefined
    return end === undefined ? [] : [{ call, end }]
  })
}

function marksOf(name: string, own: readonly HistoryEvent[], { events, at, findings }: Reading): Unplaced<Mark>[] {
  const found = findings.filter((finding) => finding.lane === name)
  const accepted = own.filter((event) => event.f === 'commit').map((event) => markOf(event, 'accepted', at))
  const told = own.filter((event) => event.f !== 'commit' && event.e === 'sig' && event.in?.['text'] !== undefined)
  const refused = events.filter((event) => event.err?.code === 'STALE_TOKEN' && refuser(event, events) === name)
  const violations = found.map((finding): Unplaced<Mark> => ({
    kind: 'violation',
    atMs: at(finding.t),
    token: undefined,
    label: finding.text,
    detail: finding.text,
  }))
  const taken = new Set(found.map((finding) => at(finding.t)))
  const plain = [
    ...accepted.filter((mark) => !taken.has(mark.atMs)),
    ...told.map((event) => markOf(event, 'event', at)),
  ]
  return [...plain, ...refused.map((event) => refusalOf(event, events, at)), ...violations]
}

/** A refusal is drawn at the resource that refused, if that keeps a lane; else with the one who was refused. */
function refuser(event: HistoryEvent, events: readonly HistoryEvent[]): string {
  return events.find((other) => other.f === 'commit' && other.k === event.k)?.p ?? event.p
}

function refusalOf(event: HistoryEvent, events: readonly HistoryEvent[], at: Reading['at']): Unplaced<Mark> {
  const call = events.find((other) => other.p === event.p && other.op === event.op && other.e === 'call')
  const detail = `${event.c ?? event.p}: ${event.f} refused. ${event.err?.message ?? ''}`
  return {
    kind: 'refused',
    atMs: at(event.t),
    token: call && tokenOf(call),
    label: `${event.c ?? event.p} refused`,
    detail,
  }
}

function markOf(event: HistoryEvent, kind: MarkKind, at: Reading['at']): Unplaced<Mark> {
  const text = String(event.in?.['text'] ?? `${event.k}: ${String(event.in?.['kind'] ?? event.f)}`)
  const token = tokenOf(event)
  return { kind, atMs: at(event.t), token, label: text, detail: token === undefined ? text : `${text}, token ${token}` }
}

/** What the one who makes the faults calls their beginning and their end. */
const spells: ReadonlyMap<unknown, { readonly end: string; readonly what: string }> = new Map([
  ['pause', { end: 'resume', what: 'stopped' }],
  ['crash', { end: 'restart', what: 'killed' }],
  ['busy', { end: 'free', what: 'locked by somebody else' }],
])

function pausesOf(name: string, { events, at, lengthMs }: Reading): Pause[] {
  const aimed = events.filter((event) => event.f === 'nemesis' && event.in?.['target'] === name)
  return aimed.flatMap((event, index) => {
    const spell = spells.get(event.in?.['kind'])
    if (spell === undefined) return []
    const end = aimed.slice(index + 1).find((later) => later.in?.['kind'] === spell.end)
    return [{ fromMs: at(event.t), toMs: end === undefined ? lengthMs : at(end.t), what: spell.what }]
  })
}

function tokenOf(event: HistoryEvent): string | undefined {
  const token = event.out?.['token'] ?? event.in?.['token']
  return token === undefined ? undefined : String(token)
}

function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`
}
