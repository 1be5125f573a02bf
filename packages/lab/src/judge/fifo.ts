/** F: a claim whose place was acknowledged before another was sent is granted first. Tokens are the grant order; claims that were never granted are left out. */
import type { Detail } from '@holdfast/testbed/history'
import { byName, type Operation, type Record, tokenOf } from './record.ts'
import type { Violation } from './violation.ts'

export function checkFifo(record: Record): Violation[] {
  const { operations } = record
  const evictions = byName(operations.filter((operation) => operation.f === 'evict'))
  const entries = byName(askedInTime(record))
  return [...entries].flatMap(([name, all]) => ofOneName(all, evictions.get(name) ?? []))
}

/**
 * An ask that was overtaken by the leave of its claim may stand in line anew, and be granted without an owner. It counts only
 * for a claim that held before it left: then it may tell of a first grant that was not heard of.
 */
function askedInTime({ operations, moments }: Record): Operation[] {
  const leftNs = new Map<unknown, number>()
  for (const { f, atNs, in: detail } of moments) {
    if (f === 'left' && !leftNs.has(detail['id'])) leftNs.set(detail['id'], atNs)
  }
  const asks = operations.filter((operation) => operation.f === 'enqueue')
  const isInTime = ({ endNs, in: detail }: Operation): boolean =>
    endNs <= (leftNs.get(detail['id']) ?? Number.POSITIVE_INFINITY)
  const held = new Set(asks.filter((ask) => ask.out['standing'] === 'held' && isInTime(ask)).map((ask) => ask.in['id']))
  return asks.filter((ask) => isInTime(ask) || held.has(ask.in['id']))
}

interface Place {
  readonly p: string
  readonly k: string
  readonly id: string
  sentNs: number
  acknowledgedNs: number
  /** When the grant was answered. */
  grantedNs: number
  token: bigint
}

function ofOneName(entries: readonly Operation[], evictions: readonly Operation[]): Violation[] {
  const granted = placesOf(entries, evictions).filter((place) => place.token > 0n)
  const bySent = granted.toSorted((a, b) => a.sentNs - b.sentNs)
  const byAcknowledged = granted.toSorted((a, b) => a.acknowledgedNs - b.acknowledgedNs)
  const found: Violation[] = []
  let largest: Place | undefined
  let next = 0
  for (const place of bySent) {
    for (
      let ahead = byAcknowledged[next];
      ahead !== undefined && ahead.acknowledgedNs < place.sentNs;
      ahead = byAcknowledged[(next += 1)]
    ) {
      if (largest === undefined || ahead.token > largest.token) largest = ahead
    }
    if (largest === undefined || largest.token <= place.token) continue
    const text = `${largest.p} stood in line before ${place.p} and was granted after it (tokens ${largest.token} and ${place.token})`
    const since = { sinceNs: largest.acknowledgedNs, atNs: place.grantedNs }
    found.push({ property: 'F', p: place.p, k: place.k, ...since, text })
  }
  return found
}

function unknownPlace(sent: Pick<Place, 'p' | 'k' | 'id' | 'sentNs'>): Place {
  return { ...sent, acknowledgedNs: Number.POSITIVE_INFINITY, grantedNs: Number.POSITIVE_INFINITY, token: 0n }
}

/**
 * A claim may be sent and answered several times: the first time it was sent, the first time its place was known. An
 * answer that came later than a place is kept (`keptMs`, or what the answer before it promised as `lifeMs`), or after an
 * eviction, may be about a new one at the end of the line: then it counts as sent the first time, and as known only now.
 */
function placesOf(entries: readonly Operation[], evictions: readonly Operation[]): Place[] {
  const places = new Map<string, Place>()
  const answered = new Map<string, Operation[]>()
  for (const entry of entries.toSorted((a, b) => a.endNs - b.endNs)) {
    const { p, k, callNs, endNs, in: detail, out } = entry
    const id = String(detail['id'])
    const place = places.get(id) ?? unknownPlace({ p, k, id, sentNs: callNs })
    place.sentNs = Math.min(place.sentNs, callNs)
    places.set(id, place)
    if (out['standing'] !== 'queued' && out['standing'] !== 'held') continue
    const before = answered.get(id) ?? []
    answered.set(id, before)
    // What was still on its way when this was sent proves nothing about the place.
    const last = before.findLast((other) => other.endNs <= callNs)
    const keptNs = Math.min(msOf(detail, 'keptMs'), last === undefined ? Infinity : msOf(last.out, 'lifeMs')) * 1e6
    const sinceNs = last?.callNs ?? callNs
    const evicted = evictions.some((eviction) => eviction.callNs < endNs && eviction.endNs > sinceNs)
    const mayBeNew = evicted || endNs - sinceNs > keptNs
    place.acknowledgedNs = mayBeNew ? endNs : Math.min(place.acknowledgedNs, endNs)
    // A late ask may win a second grant for the same id; the place belongs to the first.
    if (out['standing'] === 'held' && !(place.token <= tokenOf(out) && place.token > 0n)) {
      place.token = tokenOf(out)
      place.grantedNs = endNs
    }
    before.push(entry)
  }
  return [...places.values()]
}

function msOf(detail: Detail, field: string): number {
  return Number(detail[field] ?? Number.POSITIVE_INFINITY)
}
