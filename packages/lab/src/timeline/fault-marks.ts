/** What is done to a lane: faults that last, with their ends, and faults of one moment. */
import type { DrawnEvent, Mark, Pause, Reading, Unplaced } from './model.ts'

/** What the one who makes the faults calls their beginning and their end; others end with `end-` and their own name. */
const lasting: ReadonlyMap<string, { readonly end: string; readonly what: string }> = new Map([
  ['pause', { end: 'resume', what: 'stopped' }],
  ['crash', { end: 'restart', what: 'killed' }],
  ['busy', { end: 'free', what: 'locked by somebody else' }],
])
const ENDS = new Set([...lasting.values()].map(({ end }) => end))
const END = 'end-'

const kindOf = (event: DrawnEvent): string => String(event.in?.['kind'])

export function pausesOf(name: string, reading: Reading): Pause[] {
  const { at, lengthMs } = reading
  return aimedAt(name, reading).flatMap(({ event, end }) => {
    const kind = kindOf(event)
    const lasts = lasting.has(kind) || end !== undefined
    if (!lasts) return []
    const what = lasting.get(kind)?.what ?? kind.replaceAll('-', ' ')
    return [{ fromMs: at(event.t), toMs: end === undefined ? lengthMs : at(end.t), what, line: event.line }]
  })
}

export function faultMarksOf(name: string, reading: Reading): Unplaced<Mark>[] {
  return aimedAt(name, reading).flatMap(({ event, end }): Unplaced<Mark>[] => {
    const kind = kindOf(event)
    if (lasting.has(kind) || end !== undefined) return []
    const label = kind.replaceAll('-', ' ')
    const detail = `fault: ${label}`
    return [{ kind: 'fault', atMs: reading.at(event.t), k: '', token: undefined, label, detail, line: event.line }]
  })
}

function aimedAt(name: string, { faults }: Reading): { event: DrawnEvent; end: DrawnEvent | undefined }[] {
  const aimed = faults.filter((event) => event.in?.['target'] === name)
  return aimed.flatMap((event, index) => {
    const kind = kindOf(event)
    if (ENDS.has(kind) || kind.startsWith(END)) return []
    const ends = lasting.get(kind)?.end ?? `${END}${kind}`
    return [{ event, end: aimed.slice(index + 1).find((later) => kindOf(later) === ends) }]
  })
}
