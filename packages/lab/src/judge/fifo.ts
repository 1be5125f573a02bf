/** F: a claim whose place was acknowledged before another was sent is granted first. Tokens are the grant order; claims that were never granted are left out. */
import { byName, type Operation, type Record, tokenOf } from './record.ts'
import type { Violation } from './violation.ts'

export function checkFifo({ operations }: Record): Violation[] {
  return [...byName(operations.filter((operation) => operation.f === 'enqueue')).values()].flatMap(ofOneName)
}

interface Place {
  readonly p: string
  readonly k: string
  readonly id: string
  readonly sentNs: number
  acknowledgedNs: number
  token: bigint
}

function ofOneName(entries: readonly Operation[]): Violation[] {
  const granted = placesOf(entries).filter((place) => place.token > 0n)
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
    found.push({ property: 'F', p: place.p, k: place.k, atNs: place.sentNs, text })
  }
  return found
}

/** A claim may be sent and answered several times: the first time it was sent, the first time its place was known. */
function placesOf(entries: readonly Operation[]): Place[] {
  const places = new Map<string, Place>()
  for (const { p, k, callNs, endNs, in: detail, out } of entries) {
    const id = String(detail['id'])
    const place = places.get(id) ?? { p, k, id, sentNs: callNs, acknowledgedNs: Number.POSITIVE_INFINITY, token: 0n }
    places.set(id, place)
    if (out['standing'] !== 'queued' && out['standing'] !== 'held') continue
    place.acknowledgedNs = Math.min(place.acknowledgedNs, endNs)
    if (out['standing'] === 'held') place.token = tokenOf(out)
  }
  return [...places.values()]
}
