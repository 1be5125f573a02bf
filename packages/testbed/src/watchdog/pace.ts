/**
 * How late this machine runs, for limits in seconds: a limit that only tells a broken program from a working one has to
 * grow with it. A limit that is itself what is promised must not.
 */
import { readFileSync } from 'node:fs'

/** Of the last seconds. */
export interface Pace {
  /** How many times longer work takes than on a quiet machine; 1 or more. */
  readonly slowdown: number
  /** How late the latest timer fired. */
  readonly lateMs: number
}

/** Names the file in which the watchdog publishes the pace; processes that a test starts inherit it. */
export const PACE_FILE = 'HOLDFAST_PACE_FILE'
/** A machine that is slower than this is as good as stopped, and no limit should wait for it. */
const SLOWDOWN_MAX = 20

const QUIET: Pace = { slowdown: 1, lateMs: 0 }
/** One length for all, so that a new text covers an older one whole. */
const TEXT_LENGTH = 32

export function textOf({ slowdown, lateMs }: Pace): string {
  return `${slowdown.toFixed(2)} ${Math.ceil(lateMs)}`.padEnd(TEXT_LENGTH)
}

/** As the watchdog of this run published it last; quiet where there is none. */
export function pace(): Pace {
  const file = process.env[PACE_FILE]
  if (file === undefined) return QUIET
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    // A watchdog that has ended took its file with it.
  }
  const [slowdown = Number.NaN, lateMs = Number.NaN] = text.trim().split(' ').map(Number)
  if (!(slowdown >= 1 && lateMs >= 0)) return QUIET
  return { slowdown: Math.min(slowdown, SLOWDOWN_MAX), lateMs }
}

/**
 * What takes this long on a quiet machine, on this one now; whole milliseconds. `below`: how long it takes when it goes
 * wrong, which no patience may reach.
 */
export function patient(ms: number, { below = Number.POSITIVE_INFINITY }: { readonly below?: number } = {}): number {
  const { slowdown, lateMs } = pace()
  return Math.min(Math.ceil(ms * slowdown + lateMs), below - 1)
}
