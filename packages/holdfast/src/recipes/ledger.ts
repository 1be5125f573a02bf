/** What recipes ask of a ledger, in the shape that the ledgers of all guards have. */
import type { LockClient } from '../client/client.ts'
import type { HeldLease } from '../lease/held-lease.ts'
import type { Fenced } from '../lease/lease.ts'
import { HoldfastError, isPassing, Misuse } from '../store/errors.ts'
import { ATTEMPT_MS_MAX } from '../store/limits.ts'
import { Backoff } from '../time/backoff.ts'
import { sleep } from '../time/clock.ts'
import type { MaybePromise } from './duty.ts'

const RETRY_MS_MAX = 500

/**
 * One fenced text for each lock, in a place that outlives the lease: `ledger()` of `holdfast/guards/sqlite`, of
 * `holdfast/guards/postgres` and the others fit as they are. Recipes write at most 65,536 bytes.
 */
export interface Ledger {
  /** The entry as it is; null when nothing was written. */
  get(lock: Pick<Fenced, 'namespace' | 'name'>): MaybePromise<{ readonly value: string; readonly token: bigint } | null>
  /** Raises the mark to the token of the lease and reads the entry, so that no late writer can change it. */
  enter(lease: Fenced): MaybePromise<{ readonly value: string; readonly token: bigint } | null>
  /** Writes the entry unless a newer token was seen. With `keep` it is of use for so many milliseconds, and may be removed a day later. */
  put(lease: Fenced, value: string, options?: { readonly keep?: number }): MaybePromise<void>
}

export function checkedLedger(ledger: Ledger): Ledger {
  const methods = typeof ledger === 'object' && ledger !== null ? [ledger.get, ledger.enter, ledger.put] : [undefined]
  if (methods.every((method) => typeof method === 'function')) return ledger
  throw new Misuse('ledger must have get, enter and put: use ledger(…) of a guard, such as holdfast/guards/sqlite')
}

/** Under one lease nothing else is written, so a write whose answer was lost is repeated while it is held, at most for 5 s. */
export async function putInTheEnd(
  client: LockClient,
  ledger: Ledger,
  lease: HeldLease,
  { value, keep }: { readonly value: string; readonly keep?: number | undefined },
): Promise<void> {
  const endsAtMs = client.clock.monotonicMs() + ATTEMPT_MS_MAX
  const backoff = new Backoff(RETRY_MS_MAX)
  for (;;) {
    try {
      await (keep === undefined ? ledger.put(lease, value) : ledger.put(lease, value, { keep }))
      return
    } catch (error) {
      const isOver = client.clock.monotonicMs() >= endsAtMs || !lease.isHeld()
      if (isOver || (error instanceof HoldfastError && !isPassing(error))) throw error
      await sleep(client.clock, backoff.nextMs(), lease.signal)
    }
  }
}
