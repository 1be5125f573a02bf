/** What this process saw of the lines, in memory: the last changes of each, and how long claims waited and held. */
import type { LineChange } from './line-changes.ts'

export interface PastChange extends LineChange {
  /** Milliseconds since the epoch, by the clock of this machine. */
  readonly at: number
}

export interface Percentiles {
  readonly p50: number
  readonly p99: number
  /** Among how many. */
  readonly of: number
}

export interface HistorySummary {
  /** Grants in the last minute. */
  readonly grantsPerMinute: number
  /** Null where nothing ended yet. */
  readonly waitMs: Percentiles | null
  readonly holdMs: Percentiles | null
}

const PER_LINE_MAX = 200
const LINES_MAX = 2_000
const SAMPLES_MAX = 5_000
const MINUTE_MS = 60_000

export class LineHistory {
  readonly #lines = new Map<string, PastChange[]>()
  readonly #waits: number[] = []
  readonly #holds: number[] = []
  readonly #grants: number[] = []

  add(name: string, changes: readonly LineChange[]): void {
    if (changes.length === 0) return
    const at = Date.now()
    const past = this.#lines.get(name) ?? []
    for (const change of changes) {
      past.push({ ...change, at })
      if (change.kind === 'held') kept(this.#grants, at)
      // A claim that was there before is known only to have taken longer.
      if (change.forMs === null || change.isAtLeast) continue
      if (change.kind === 'held') kept(this.#waits, change.forMs)
      if (change.kind === 'ended') kept(this.#holds, change.forMs)
    }
    past.splice(0, past.length - PER_LINE_MAX)
    // The line that changed last is the last to go.
    this.#lines.delete(name)
    this.#lines.set(name, past)
    const [oldest] = this.#lines.keys()
    if (this.#lines.size > LINES_MAX && oldest !== undefined) this.#lines.delete(oldest)
  }

  /** The newest last. */
  of(name: string): readonly PastChange[] {
    return this.#lines.get(name) ?? []
  }

  get summary(): HistorySummary {
    const since = Date.now() - MINUTE_MS
    const grantsPerMinute = this.#grants.filter((at) => at > since).length
    return { grantsPerMinute, waitMs: percentiles(this.#waits), holdMs: percentiles(this.#holds) }
  }
}

function kept(samples: number[], sample: number): void {
  samples.push(sample)
  if (samples.length > SAMPLES_MAX) samples.shift()
}

function percentiles(samples: readonly number[]): Percentiles | null {
  if (samples.length === 0) return null
  const sorted = samples.toSorted((one, other) => one - other)
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { p50: at(0.5), p99: at(0.99), of: samples.length }
}
