/** The few statistics the benchmarks need. */

/** The value below which this share of the values lies, by nearest rank; `NaN` when there are none. */
export function percentile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export function median(values: ArrayLike<number>): number {
  return percentile(values, 0.5)
}

/** Jain's fairness index (Jain, Chiu, Hawe, 1984): 1 when all got the same, 1/n when one got everything. */
export function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  const squares = values.reduce((total, value) => total + value * value, 0)
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares)
}
