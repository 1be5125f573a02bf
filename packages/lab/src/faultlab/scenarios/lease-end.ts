/** When the lease of a process ends by its own clock, as its history says: a replay compares with this moment, not with a duration. */
import type { HistoryEvent } from '@holdfast/testbed/history'

/** In nanoseconds of the clock that all processes share; of the grant, or of the last renewal that was answered. */
export function leaseEndNs(events: readonly HistoryEvent[], process: string): bigint {
  const ends = events
    .filter(({ p }) => p === process)
    .flatMap(({ e, f, in: told, out }) => {
      if (f === 'acquire' && e === 'ok') return out?.['validUntil'] ?? []
      return f === 'extended' ? (told?.['validUntil'] ?? []) : []
    })
  return ends.map((end) => BigInt(end)).reduce((last, end) => (end > last ? end : last), 0n)
}

/** How long after the end of that lease it was. */
export function msAfter(endNs: bigint, event: HistoryEvent | undefined): number {
  return event === undefined ? Number.NaN : Number(BigInt(event.t) - endNs) / 1e6
}
