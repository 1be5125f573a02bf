/**
 * A history as the checkers read it: calls paired with their ends, single moments, holds, in nanoseconds from the
 * first event. Every word a checker looks for is defined here, so that a workload knows what to record.
 *
 * Operations: `acquire` (in: mode, weight, capacity; out: token, validUntil), `release` (in: token), `evict` (in: token),
 * `renew` and `enqueue` as seen at the store (in: token; in: id, keptMs, out: standing, lifeMs, token), `enter`, `read` and `write` at
 * the guarded resource (in: token; write also element). Moments: `extended` (token, validUntil), `lost`, `lost-signal`
 * and `wrong-belief` (token), `left` (id: the place was given up), `commit` by the resource (cseq, token, kind, raises; write also base, version, element), `final` (elements), `nemesis`
 * (kind, target), `stalled` (ms: the process did not run for much of the time before), `leftovers` (counts by name).
 */
import { type Detail, type HistoryEvent, inOrder, type TimedEvent } from '@holdfast/testbed/history'

/** The code of an `acquire` that was answered with a lease which said of itself that it was over. */
export const DEAD_ON_ARRIVAL = 'DEAD_ON_ARRIVAL'

/** A moment of a process: the machine did not run it for most of the last so many `ms`. */
export const STALLED = 'stalled'

/** Deeds of the nemesis after which the target runs no more: killed as a fault, or because it did not end. */
export const ENDS: ReadonlySet<unknown> = new Set(['crash', 'abandon'])

export interface Operation {
  readonly p: string
  readonly f: string
  readonly k: string
  readonly callNs: number
  /** Infinity when it never ended, or ended without an answer. */
  readonly endNs: number
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly in: Detail
  readonly out: Detail
  readonly code: string | undefined
}

export interface Moment {
  readonly p: string
  readonly f: string
  readonly k: string
  readonly atNs: number
  readonly in: Detail
}

/** From a moment on the holder believes until another: by the grant, and anew by each renewal it heard of. */
export interface Life {
  readonly fromNs: number
  /** Never earlier than that of the life before. */
  readonly untilNs: number
}

/** What a holder believes by its own clock, from the grant's answer on. */
export interface Hold {
  readonly p: string
  readonly k: string
  readonly token: bigint
  readonly weight: number
  readonly capacity: number
  readonly callNs: number
  readonly fromNs: number
  /** The end of the lease by the holder's clock, after all renewals. */
  readonly validUntilNs: number
  /** In order; the first is the grant. What is believed at a moment is not what a later renewal says. */
  readonly lives: readonly [Life, ...Life[]]
  /** The first of: the release was called, an eviction was called, the lease ended or was lost, the process was killed. */
  readonly toNs: number
  readonly released: boolean
}

export interface Record {
  readonly operations: readonly Operation[]
  readonly moments: readonly Moment[]
  readonly holds: readonly Hold[]
  readonly lengthNs: number
}

export function readHistory(history: readonly HistoryEvent[]): Record {
  const events = inOrder(history)
  const first = events[0]
  const originNs = first === undefined ? 0n : BigInt(first.event.t)
  const endOf = endings(events)
  const operations: Operation[] = []
  const moments: Moment[] = []
  for (const { event, ns } of events) {
    const { e, p, f, k, op, in: input = {} } = event
    if (e === 'sig') moments.push({ p, f, k, atNs: ns, in: input })
    if (e !== 'call') continue
    const ended = endOf(p, op)
    const end = ended?.event
    const outcome = end === undefined || end.e === 'info' ? 'info' : end.e === 'ok' ? 'ok' : 'fail'
    const endNs = ended === undefined || outcome === 'info' ? Number.POSITIVE_INFINITY : ended.ns
    operations.push({ p, f, k, callNs: ns, endNs, outcome, in: input, out: end?.out ?? {}, code: end?.err?.code })
  }
  const holds = holdsOf(operations, moments, (validUntil) => Number(BigInt(String(validUntil)) - originNs))
  return { operations, moments, holds, lengthNs: events.at(-1)?.ns ?? 0 }
}

/** By process and number: a text key of both, made twice an operation, was most of the time of reading a long history. */
function endings(events: readonly TimedEvent[]): (p: string, op: number) => TimedEvent | undefined {
  const ends = new Map<string, Map<number, TimedEvent>>()
  for (const timed of events) {
    const { e, p, op } = timed.event
    if (e === 'call' || e === 'sig') continue
    const own = ends.get(p) ?? new Map<number, TimedEvent>()
    ends.set(p, own.set(op, timed))
  }
  return (p, op) => ends.get(p)?.get(op)
}

export function tokenOf(detail: Detail): bigint {
  return BigInt(detail['token'] ?? 0)
}

export function byName<T extends { readonly k: string }>(items: readonly T[]): ReadonlyMap<string, readonly T[]> {
  return Map.groupBy(items, (item) => item.k)
}

export function milliseconds(ns: number): string {
  return `${(ns / 1e6).toFixed(1)} ms`
}

function holdsOf(
  operations: readonly Operation[],
  moments: readonly Moment[],
  nsOf: (validUntil: Detail[string]) => number,
): Hold[] {
  const keyOf = (k: string, detail: Detail): string => `${k} ${String(detail['token'])}`
  const extended = new Map<string, Life[]>()
  const validUntilOf = (detail: Detail): number =>
    detail['validUntil'] === undefined ? Number.POSITIVE_INFINITY : nsOf(detail['validUntil'])
  for (const { f, k, atNs, in: input } of moments) {
    if (f !== 'extended') continue
    const key = keyOf(k, input)
    const lives = extended.get(key) ?? []
    extended.set(key, lives)
    lives.push({ fromNs: atNs, untilNs: validUntilOf(input) })
  }
  const ended = new Map<string, number>()
  const released = new Set<string>()
  // A wall clock that is set forward ends a lease for its holder before its last answer said.
  for (const { f, k, in: input, atNs } of moments) if (f === 'lost') ended.set(keyOf(k, input), atNs)
  const crashed = new Map(
    moments
      .filter(({ f, in: { kind } }) => f === 'nemesis' && ENDS.has(kind))
      .map(({ in: { target }, atNs }) => [target, atNs]),
  )
  for (const { f, k, in: input, callNs } of operations) {
    if (f !== 'release' && f !== 'evict') continue
    const key = keyOf(k, input)
    if (f === 'release') released.add(key)
    ended.set(key, Math.min(ended.get(key) ?? Number.POSITIVE_INFINITY, callNs))
  }
  return operations.flatMap(({ p, f, k, callNs, endNs, outcome, in: input, out }): Hold[] => {
    if (f !== 'acquire' || outcome !== 'ok' || out['token'] === undefined) return []
    const key = keyOf(k, out)
    const lives = livesOf({ fromNs: endNs, untilNs: validUntilOf(out) }, extended.get(key) ?? [])
    const validUntilNs = lives.at(-1)?.untilNs ?? 0
    return [
      {
        p,
        k,
        token: tokenOf(out),
        weight: Number(input['weight'] ?? 1),
        capacity: Number(input['capacity'] ?? 1),
        callNs,
        fromNs: endNs,
        validUntilNs,
        lives,
        toNs: Math.min(
          validUntilNs,
          ended.get(key) ?? Number.POSITIVE_INFINITY,
          crashed.get(p) ?? Number.POSITIVE_INFINITY,
        ),
        released: released.has(key),
      },
    ]
  })
}

function livesOf(first: Life, later: readonly Life[]): [Life, ...Life[]] {
  const lives: [Life, ...Life[]] = [first]
  let { untilNs } = first
  for (const life of later) {
    untilNs = Math.max(untilNs, life.untilNs)
    lives.push({ fromNs: life.fromNs, untilNs })
  }
  return lives
}
