/** Finds what lies in a part of the run without looking at the rest. */

export interface Timed {
  readonly fromMs: number
  readonly toMs: number
}

/** Ordered by beginning. The largest end so far only rises, so the first that reaches into a part is found by halving. */
export class Ordered<T extends Timed> {
  readonly items: readonly T[]
  readonly #endsMs: Float64Array

  constructor(items: readonly T[]) {
    this.items = items.toSorted((a, b) => a.fromMs - b.fromMs)
    this.#endsMs = new Float64Array(items.length)
    let endMs = Number.NEGATIVE_INFINITY
    this.items.forEach((item, index) => {
      endMs = Math.max(endMs, item.toMs)
      this.#endsMs[index] = endMs
    })
  }

  /** In order; touching the edge counts. */
  *between(fromMs: number, toMs: number): Generator<T> {
    for (let index = this.#firstReaching(fromMs); index < this.items.length; index += 1) {
      const item = this.items[index]
      if (item === undefined || item.fromMs > toMs) return
      if (item.toMs >= fromMs) yield item
    }
  }

  #firstReaching(fromMs: number): number {
    let [low, high] = [0, this.items.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#endsMs[middle] ?? 0) < fromMs) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The next one in time after a moment, or the last one before it; round the end it begins anew. */
export function neighbour<T extends Timed>(items: readonly T[], atMs: number, direction: 1 | -1): T | undefined {
  if (direction === 1) return items.find(({ fromMs }) => fromMs > atMs) ?? items[0]
  return items.findLast(({ fromMs }) => fromMs < atMs) ?? items.at(-1)
}

/** Things closer than this are drawn as one, with their number. */
export function clustered<T extends Timed>(
  items: Iterable<T>,
  apartMs: number,
): { readonly first: T; readonly count: number; readonly toMs: number }[] {
  const clusters: { first: T; count: number; toMs: number }[] = []
  for (const item of items) {
    const last = clusters.at(-1)
    if (last !== undefined && item.fromMs - last.first.fromMs < apartMs) {
      last.count += 1
      last.toMs = item.fromMs
    } else clusters.push({ first: item, count: 1, toMs: item.fromMs })
  }
  return clusters
}
