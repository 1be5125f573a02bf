/**
 * What happened, as lines of JSON: the one format that the demo, the fault lab, the judges and the timeline share.
 * Times are CLOCK_MONOTONIC nanoseconds, one clock for every process of a machine, so merging by time is exact.
 */

/** `fail`: surely not done. `info`: unknown, as after every timeout. `sig`: a single moment without an end. */
export type Phase = (typeof phases)[number]

const phases = ['call', 'ok', 'fail', 'info', 'sig'] as const

export type Detail = Readonly<Record<string, string | number | boolean>>

export interface HistoryEvent {
  /** Counts up within the process. */
  readonly i: number
  /** Monotonic nanoseconds in decimal: too large for a JSON number. */
  readonly t: string
  /** The process. */
  readonly p: string
  /** Who inside the process, where several act at once. */
  readonly c?: string
  readonly e: Phase
  /** Pairs a call with its end, within the process. */
  readonly op: number
  /** acquire, renew, release, enter, write, commit, lost-signal, nemesis, or a word of the workload's own. */
  readonly f: string
  /** The resource. */
  readonly k: string
  readonly in?: Detail
  readonly out?: Detail
  readonly err?: { readonly code: string; readonly message: string }
}

/** The first line of a history. */
export interface HistoryHeader {
  readonly v: 1
  readonly run: string
  readonly backend: string
  readonly versions: Detail
  readonly faults: readonly string[]
  readonly expectations: readonly string[]
}

export interface Operation {
  /** `atNs` is when it ended, where that is not now. */
  ok(out?: Detail, atNs?: bigint): void
  fail(error: unknown): void
  /** It is not known whether it was done. */
  info(): void
}

/** Numbers and stamps the events of one process. */
export class Recorder {
  readonly #process: string
  readonly #write: (event: HistoryEvent) => void
  #events = 0
  #operations = 0

  constructor(process: string, write: (event: HistoryEvent) => void) {
    this.#process = process
    this.#write = write
  }

  /** `atNs` is when it was sent, where that is not now. */
  call(f: string, k: string, input: Detail = {}, c?: string, atNs?: bigint): Operation {
    const op = this.#operations++
    const record = (e: Phase, rest: Pick<HistoryEvent, 'in' | 'out' | 'err'>, t?: bigint): void =>
      this.#record({ e, op, f, k, ...(c === undefined ? {} : { c }), ...rest }, t)
    record('call', { in: input }, atNs)
    return {
      ok: (out = {}, atNs) => record('ok', { out }, atNs),
      fail: (error) => record('fail', { err: describeError(error) }),
      info: () => record('info', {}),
    }
  }

  signal(f: string, k: string, input: Detail = {}, c?: string): void {
    this.#record({ e: 'sig', op: this.#operations++, f, k, ...(c === undefined ? {} : { c }), in: input })
  }

  #record(event: Omit<HistoryEvent, 'i' | 't' | 'p'>, atNs: bigint = process.hrtime.bigint()): void {
    this.#write({ i: this.#events++, t: atNs.toString(), p: this.#process, ...event })
  }
}

function describeError(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'THROWN', message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return { code, message: error.message }
}

/** An event, and when it was: in nanoseconds from the first of its history. */
export interface TimedEvent<T extends HistoryEvent = HistoryEvent> {
  readonly event: T
  readonly ns: number
}

/**
 * Oldest first; events of one process keep their own order even where the clock stood still. Each time is parsed once and
 * not in every comparison: a million operations are some forty million comparisons. Their differences are small enough
 * for numbers, which are compared several times as fast.
 */
export function inOrder<T extends HistoryEvent>(events: readonly T[]): TimedEvent<T>[] {
  const reference = BigInt(events[0]?.t ?? 0)
  const timed = events.map((event) => ({ event, ns: Number(BigInt(event.t) - reference) }))
  timed.sort((a, b) => {
    if (a.ns !== b.ns) return a.ns - b.ns
    return a.event.p === b.event.p ? a.event.i - b.event.i : 0
  })
  const firstNs = timed[0]?.ns ?? 0
  if (firstNs !== 0) for (const each of timed) each.ns -= firstNs
  return timed
}

export function byTime<T extends HistoryEvent>(events: readonly T[]): T[] {
  return inOrder(events).map(({ event }) => event)
}

/** The token it is about, or that it brought. */
export function tokenOf(event: HistoryEvent): string | undefined {
  const token = event.out?.['token'] ?? event.in?.['token']
  return token === undefined ? undefined : String(token)
}

export function historyText(header: HistoryHeader, events: readonly HistoryEvent[]): string {
  return [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join('')
}

/** One event from one line, or null for a line that is none: a process may print other things while it dies. */
export function parseEvent(line: string): HistoryEvent | null {
  try {
    const value: unknown = JSON.parse(line)
    return isEvent(value) ? value : null
  } catch {
    return null
  }
}

function isEvent(value: unknown): value is HistoryEvent {
  if (typeof value !== 'object' || value === null) return false
  const event = value as Record<string, unknown>
  return (
    typeof event['i'] === 'number' &&
    typeof event['op'] === 'number' &&
    typeof event['t'] === 'string' &&
    /^\d+$/.test(event['t']) &&
    ['p', 'f', 'k'].every((field) => typeof event[field] === 'string') &&
    phases.some((phase) => phase === event['e'])
  )
}
