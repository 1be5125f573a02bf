/** Puts intervals that overlap into different rows, the first free one each: enough rows, and no more than needed. */

export interface Interval {
  readonly fromMs: number
  readonly toMs: number
}

export function packRows<T>(
  items: readonly T[],
  intervalOf: (item: T) => Interval,
): { placed: (T & { readonly row: number })[]; rows: number } {
  const endsMs: number[] = []
  const placed = items
    .map((item) => ({ item, interval: intervalOf(item) }))
    .toSorted((a, b) => a.interval.fromMs - b.interval.fromMs)
    .map(({ item, interval }) => {
      const free = endsMs.findIndex((endMs) => endMs <= interval.fromMs)
      const row = free === -1 ? endsMs.length : free
      endsMs[row] = interval.toMs
      return { ...item, row }
    })
  return { placed, rows: endsMs.length }
}
