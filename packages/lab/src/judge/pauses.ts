/** When a process did not run: it was stopped, or the machine gave it no time. Disjoint and in order, so that a question is one search. */
import { ENDS, type Moment, STALLED } from './record.ts'
import { disjoint, lastingAt, type Span } from './spans.ts'

const NONE: readonly Span[] = []

export class Pauses {
  readonly #byProcess: ReadonlyMap<string, readonly Span[]>

  constructor(moments: readonly Moment[]) {
    const found = [...stopsIn(moments), ...stallsIn(moments)]
    this.#byProcess = new Map(
      [...Map.groupBy(found, ({ process }) => process)].map(([process, own]) => [process, disjoint(own)]),
    )
  }

  /** The first moment from then on at which the process runs. */
  awake(process: string, atNs: number): number {
    const pause = this.#endingAfter(process, atNs)
    return pause !== undefined && pause.fromNs <= atNs ? pause.toNs : atNs
  }

  /** Whether the process did not run for some of this time. */
  disturbed(process: string, fromNs: number, toNs: number): boolean {
    const pause = this.#endingAfter(process, fromNs)
    return pause !== undefined && pause.fromNs < toNs
  }

  #endingAfter(process: string, atNs: number): Span | undefined {
    return lastingAt(this.#byProcess.get(process) ?? NONE, atNs)
  }
}

interface ProcessPause {
  readonly process: string
  readonly fromNs: number
  toNs: number
}

function stopsIn(moments: readonly Moment[]): ProcessPause[] {
  const found: ProcessPause[] = []
  const open = new Map<string, ProcessPause[]>()
  for (const { f, atNs, in: detail } of moments) {
    if (f !== 'nemesis') continue
    const process = String(detail['target'])
    const kind = String(detail['kind'])
    // An end is a pause without one.
    if (kind === 'pause' || ENDS.has(kind)) {
      const pause = { process, fromNs: atNs, toNs: Number.POSITIVE_INFINITY }
      found.push(pause)
      open.set(process, [...(open.get(process) ?? []), pause])
    }
    if (kind !== 'resume') continue
    // One SIGCONT ends all stops that came before it.
    for (const pause of open.get(process) ?? []) pause.toNs = atNs
    open.delete(process)
  }
  return found
}

/** Written down when the process runs again, with how long ago it was last seen to run. */
function stallsIn(moments: readonly Moment[]): ProcessPause[] {
  return moments
    .filter(({ f }) => f === STALLED)
    .map(({ p, atNs, in: { ms } }) => ({ process: p, fromNs: atNs - Number(ms) * 1e6, toNs: atNs }))
}
