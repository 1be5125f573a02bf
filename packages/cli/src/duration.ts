/** Durations in options, read before anything else happens, so that the message names the option as it was typed. */
import { exitCodes, Failure } from './exit-codes.ts'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const SHAPE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g

/** Whole milliseconds of `"250ms"`, `"10s"`, `"1m30s"`. A bare number is refused: seconds to some, milliseconds to others. */
export function durationOption(option: string, text: string): number {
  let ms = SHAPE.test(text) && text.length <= 32 ? 0 : Number.NaN
  for (const [, amount, unit] of text.matchAll(PART)) ms += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]
  if (Number.isFinite(ms)) return Math.round(ms)
  throw new Failure(
    exitCodes.usage,
    `${option} must be a duration such as 250ms, 10s or 1m30s; got ${JSON.stringify(text)}`,
  )
}
