/** What an engine promises for having no clock of its own: expiry is observed, and tokens are counted in the line. */
import type { Facts } from '../../store/facts.ts'
import { TTL_MS_MAX } from '../../store/limits.ts'

const TTL_MS_MIN_OBSERVED = 500

export type ObservedFacts = Pick<
  Facts,
  'clock' | 'expiry' | 'lockRisks' | 'order' | 'tokenRisks' | 'tokens' | 'ttl' | 'unsupported'
>

/** `entry`: what a line is kept in, such as an item; `whole`: where those are, such as the table. */
export function observedFacts(entry: string, whole: string): ObservedFacts {
  return {
    clock: 'the monotonic clock of each contender, from its own first sight of a holder',
    expiry: 'observed',
    tokens: `last + 1, in the ${entry} of the line; one that is made anew starts at the wall clock of its maker in µs`,
    order: 'fifo',
    ttl: {
      per: 'claim',
      granularityMs: 1,
      minMs: TTL_MS_MIN_OBSERVED,
      maxMs: TTL_MS_MAX,
      takeoverMs: TTL_MS_MIN_OBSERVED,
    },
    lockRisks: [
      'clocks whose rates differ by more than 1 %',
      `deleting ${entry}s of ${whole}, or restoring a backup of it`,
    ],
    tokenRisks: [
      `restoring a backup of ${whole}`,
      `losing ${entry}s of ${whole} together with a clock of a process that is set back`,
    ],
    unsupported: {},
  }
}
