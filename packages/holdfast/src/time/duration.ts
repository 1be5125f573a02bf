/** Durations as people write them: `"10s"`, `"1m30s"`, `"250ms"`, or a number of milliseconds. */
import { Misuse } from '../store/errors.ts'

/** A number of whole milliseconds, or text such as `"250ms"`, `"10s"`, `"1m30s"`. */
export type Duration = number | string

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const SHAPE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g

/** Both limits belong to it. */
export interface DurationRange {
  readonly minMs: number
  readonly maxMs: number
}

/**
 * Whole milliseconds within the range, or a `Misuse` that names the option, the value and the limits. Public for
 * programs that read durations from a command line or a file and want to name their own option.
 */
export function durationMs(option: string, value: Duration, range: DurationRange): number {
  const ms = typeof value === 'number' ? value : parse(value)
  if (Number.isInteger(ms) && ms >= range.minMs && ms <= range.maxMs) return ms
  throw new Misuse(
    `${option} must be between ${formatMs(range.minMs)} and ${formatMs(range.maxMs)} in whole milliseconds, ` +
      `${typeof value === 'string' ? '' : 'a number or '}text such as "250ms", "10s" or "1m30s"; got ${shown(value)}`,
  )
}

/** Text in the largest unit without a fraction; `durationMs` reads it back as the same number. */
export function formatMs(ms: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    if (ms >= UNIT_MS[unit] && ms % UNIT_MS[unit] === 0) return `${ms / UNIT_MS[unit]}${unit}`
  }
  return `${ms}ms`
}

const SHOWN_LENGTH_MAX = 40

/** JSON would turn NaN into null and throw at a bigint. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, SHOWN_LENGTH_MAX))
  return typeof value === 'object' && value !== null ? 'an object' : String(value).slice(0, SHOWN_LENGTH_MAX)
}

function parse(text: unknown): number {
  if (typeof text !== 'string' || text.length > 32 || !SHAPE.test(text)) return Number.NaN
  let sum = 0
  for (const [, amount, unit] of text.matchAll(PART)) sum += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
  // 0.1 + 0.2 seconds are 300 ms, whatever the floating point says.
  return Math.abs(sum - Math.round(sum)) < 1e-6 ? Math.round(sum) : sum
}
