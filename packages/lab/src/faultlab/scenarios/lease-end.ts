/** When the lease of somebody ends by his own clock, as he wrote it down: what a replay compares with, and not how long it took. */
import type { HistoryEvent } from '@holdfast/testbed/history'

/** In nanoseconds of the clock that all processes share; the grant's, or that of the last renewal he has heard of. */
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
