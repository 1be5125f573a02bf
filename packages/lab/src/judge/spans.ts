/** Spans of time, disjoint and in order, so that a question about a moment is one search and not a walk over all of them. */

export interface Span {
  readonly fromNs: number
  readonly toNs: number
}

/** Those that overlap or touch become one. */
export function disjoint(spans: readonly Span[]): Span[] {
  const joined: { fromNs: number; toNs: number }[] = []
  for (const { fromNs, toNs } of spans.toSorted((a, b) => a.fromNs - b.fromNs)) {
    const last = joined.at(-1)
    if (last !== undefined && fromNs <= last.toNs) last.toNs = Math.max(last.toNs, toNs)
    else joined.push({ fromNs, toNs })
  }
  return joined
}

/** How many from the beginning are so, in a list where those that are come first. */
export function countWhile<T>(items: readonly T[], isSo: (item: T) => boolean): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isSo(items[middle] as T)) low = middle + 1
    else high = middle
  }
  return low
}

/** Of disjoint spans, the first that is not over at this moment. */
export function lastingAt(spans: readonly Span[], atNs: number): Span | undefined {
  return spans[countWhile(spans, ({ toNs }) => toNs <= atNs)]
}
