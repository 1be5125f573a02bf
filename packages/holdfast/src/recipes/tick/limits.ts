/** The limits of the times of a run. */
import type { DurationRange } from '../../time/duration.ts'

const SECOND_MS = 1_000
const HOUR_MS = 60 * 60 * SECOND_MS
const DAY_MS = 24 * HOUR_MS

export const AT_MOST_MS: DurationRange = { minMs: SECOND_MS, maxMs: DAY_MS }
export const AT_LEAST_MS: DurationRange = { minMs: 0, maxMs: DAY_MS }
export const REMEMBER_MS: DurationRange = { minMs: 60 * SECOND_MS, maxMs: DAY_MS }
export const START_WITHIN_MS: DurationRange = { minMs: SECOND_MS, maxMs: DAY_MS }
export const SKEW_MS: DurationRange = { minMs: 0, maxMs: HOUR_MS }
export const RUNS_MAX = 200
