/** The moments in a lane: what a resource accepted and refused, what a judge found, what a workload told. */
import { tokenOf } from '@holdfast/testbed/history'
import type { DrawnEvent, Mark, MarkKind, Reading, Unplaced } from './model.ts'

interface Events {
  readonly own: readonly DrawnEvent[]
  /** By the resource of this lane; or of this process, where the resource keeps no lane. */
  readonly refused: readonly DrawnEvent[]
  readonly all: ReadonlyMap<string, readonly DrawnEvent[]>
}

export function marksOf(name: string, { own, refused, all }: Events, { at, findings }: Reading): Unplaced<Mark>[] {
  const found = findings.filter((finding) => finding.lane === name)
  const accepted = own.filter((event) => event.f === 'commit').map((event) => markOf(event, 'accepted', at))
  const told = own.filter((event) => event.f !== 'commit' && event.e === 'sig' && event.in?.['text'] !== undefined)
  const violations = found.map((finding): Unplaced<Mark> => ({
    kind: 'violation',
    atMs: at(finding.t),
    k: finding.k ?? '',
    token: undefined,
    label: finding.text,
    detail: finding.text,
    line: finding.line,
  }))
  const taken = new Set(found.map((finding) => at(finding.t)))
  const plain = [
    ...accepted.filter((mark) => !taken.has(mark.atMs)),
    ...told.map((event) => markOf(event, 'event', at)),
  ]
  const calls = new Map<string, ReadonlyMap<number, DrawnEvent>>()
  const callOf = (event: DrawnEvent): DrawnEvent | undefined => {
    const known = calls.get(event.p) ?? callsOf(all.get(event.p) ?? [])
    calls.set(event.p, known)
    return known.get(event.op)
  }
  return [...plain, ...refused.map((event) => refusalOf(event, callOf(event), at)), ...violations]
}

function callsOf(events: readonly DrawnEvent[]): ReadonlyMap<number, DrawnEvent> {
  return new Map(events.filter(({ e }) => e === 'call').map((event) => [event.op, event]))
}

/** A refusal is drawn at the resource that refused, if that keeps a lane; else with the one who was refused. */
function refusalOf(event: DrawnEvent, call: DrawnEvent | undefined, at: Reading['at']): Unplaced<Mark> {
  return {
    kind: 'refused',
    atMs: at(event.t),
    k: event.k,
    token: call && tokenOf(call),
    label: `${event.c ?? event.p} refused`,
    detail: `${event.c ?? event.p}: ${event.f} refused. ${event.err?.message ?? ''}`,
    line: event.line,
  }
}

function markOf(event: DrawnEvent, kind: MarkKind, at: Reading['at']): Unplaced<Mark> {
  const text = String(event.in?.['text'] ?? `${event.k}: ${String(event.in?.['kind'] ?? event.f)}`)
  const token = tokenOf(event)
  const detail = token === undefined ? text : `${text}, token ${token}`
  return { kind, atMs: at(event.t), k: event.k, token, label: text, detail, line: event.line }
}
