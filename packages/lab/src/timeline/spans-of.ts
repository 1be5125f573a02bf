/** What lasts in a lane: holds and what is left of them unnoticed, other calls, waits. */
import { tokenOf } from '@holdfast/testbed/history'
import type { DrawnEvent, Reading, Span, Unplaced } from './model.ts'

export function holdsOf(own: readonly DrawnEvent[], reading: Reading): Unplaced<Span>[] {
  const keyOf = (event: DrawnEvent): string => `${event.k} ${tokenOf(event) ?? ''}`
  const byToken = Map.groupBy(own, keyOf)
  return own
    .filter((event) => event.f === 'acquire' && event.e === 'ok')
    .flatMap((grant) => holdOf(grant, byToken.get(keyOf(grant)) ?? [], reading))
}

function holdOf(grant: DrawnEvent, about: readonly DrawnEvent[], { at, lengthMs }: Reading): Unplaced<Span>[] {
  const token = tokenOf(grant)
  const mine = about.filter((event) => event.i > grant.i)
  const fromMs = at(grant.t)
  const released = mine.find((event) => event.f === 'release' && event.e === 'call')
  const noticed = mine.find((event) => event.f === 'lost-signal')
  const extended = mine.filter((event) => event.f === 'extended').at(-1)
  const validUntil = extended?.in?.['validUntil'] ?? grant.out?.['validUntil']
  const expiresMs = validUntil === undefined ? lengthMs : Math.min(at(String(validUntil)), lengthMs)
  const stopsMs = released === undefined && noticed === undefined ? expiresMs : at((released ?? noticed)?.t ?? grant.t)
  const toMs = Math.max(fromMs, Math.min(expiresMs, stopsMs))
  const actor = grant.c ?? grant.p
  const shared = { k: grant.k, token, actor, label: grant.c ?? '', line: grant.line }
  const hold: Unplaced<Span> = {
    ...shared,
    kind: 'hold',
    fromMs,
    toMs,
    detail: `${actor} holds ${grant.k}, token ${token ?? 'none'}, for ${milliseconds(toMs - fromMs)}`,
  }
  if (stopsMs <= expiresMs) return [hold]
  const detail = `The lease of ${actor} was over here and its holder did not know, for ${milliseconds(stopsMs - expiresMs)}`
  return [hold, { ...shared, kind: 'overtime', fromMs: toMs, toMs: stopsMs, label: '', detail }]
}

const HOLDING = new Set(['acquire', 'release', 'renew'])

/** Every other call with an end: reads, charges, writes. */
export function stepsOf(own: readonly DrawnEvent[], { at }: Reading): Unplaced<Span>[] {
  return pairsOf(own.filter((event) => !HOLDING.has(event.f))).map(({ call, end }) => ({
    kind: 'step',
    k: call.k,
    fromMs: at(call.t),
    toMs: at(end.t),
    token: tokenOf(call),
    actor: call.c ?? call.p,
    label: `${call.c ?? call.p}: ${call.f}`,
    detail: `${call.c ?? call.p}: ${call.f} ${call.k}, ${milliseconds(at(end.t) - at(call.t))}${end.err === undefined ? '' : `, ${end.err.code}`}`,
    line: call.line,
  }))
}

export function waitsOf(own: readonly DrawnEvent[], { at }: Reading): Unplaced<Span>[] {
  return pairsOf(own.filter((event) => event.f === 'acquire')).map(({ call, end }) => ({
    kind: 'wait',
    k: call.k,
    fromMs: at(call.t),
    toMs: at(end.t),
    token: tokenOf(end),
    label: '',
    detail: `${call.c ?? call.p} waits for ${call.k}, ${milliseconds(at(end.t) - at(call.t))}${end.err === undefined ? '' : `, ${end.err.code}`}`,
    line: call.line,
  }))
}

function pairsOf(events: readonly DrawnEvent[]): { call: DrawnEvent; end: DrawnEvent }[] {
  const ends = new Map(
    events.filter((event) => event.e !== 'call' && event.e !== 'sig').map((event) => [event.op, event]),
  )
  return events.flatMap((call) => {
    const end = call.e === 'call' ? ends.get(call.op) : undefined
    return end === undefined ? [] : [{ call, end }]
  })
}

function milliseconds(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value)} ms`
}
