/**
 * Entries that end, in a table of entries as it always was: the end of an entry is a row of its own, under the token of the
 * entry, so that what an older version of this library writes over the entry has no end.
 */
import { MARK_OUTLIVES_MS } from '../ledger-terms.ts'

/** No lock has such a key. */
export const TERM_PREFIX = '!'
/** The next character: the keys of all terms stand between the two. */
export const TERMS_END = '"'
/** One call removes no more. */
export const PRUNED_MAX = 1_000
/** Enough digits for a time, so that texts compare in the order of the numbers. */
const DIGITS = 15
/** A token that is a time: microseconds since 1970, and after 2001. Tokens that are counted do not come so far. */
const TIMED_TOKENS_FROM = 1_000_000_000_000_000n

export interface Pruning {
  /** Terms before it are over. */
  readonly endedBefore: string
  /** A newer holder has passed since the entry was written, and may be at work, unless its token is a time that is over as well. */
  readonly tokens: { readonly from: bigint; readonly to: bigint }
}

export function termKey(resource: string): string {
  return TERM_PREFIX + resource
}

export function termText(endsAtMs: number): string {
  return String(Math.ceil(endsAtMs)).padStart(DIGITS, '0')
}

export function pruningAt(wallMs: number): Pruning {
  const beforeMs = wallMs - MARK_OUTLIVES_MS
  return {
    endedBefore: termText(beforeMs),
    tokens: { from: TIMED_TOKENS_FROM, to: BigInt(Math.floor(beforeMs)) * 1_000n },
  }
}

/** The condition for rows `mark` and `entry` of one lock. */
export function isOver({ tokens }: Pruning): string {
  return `(mark.token = entry.token OR mark.token BETWEEN ${tokens.from} AND ${tokens.to})`
}
