/** `holdfast/once`: work that is done once for each key, whatever is repeated, killed or paused. */
import { clientOf } from '../../client/client-registry.ts'
import { acquireSettings, checkKeys } from '../../client/options.ts'
import { Misuse } from '../../store/errors.ts'
import { durationMs } from '../../time/duration.ts'
import { KeyBook } from '../key-book/key-book.ts'
import { checkedLedger } from '../ledger.ts'
import type { Locks } from '../locks.ts'
import { recipeName } from '../recipe-name.ts'
import { LineOnce } from './line-once.ts'
import type { Once, OnceOptions } from './once.ts'

export type { MaybePromise, Stopping } from '../duty.ts'
export type { Ledger } from '../ledger.ts'
export * from './once.ts'

const OPTIONS = ['ledger', 'interrupted', 'failures', 'keep', 'ttl', 'wait']
const POLICIES = ['run-again', 'refuse']
const FAILURES = ['keep', 'try-again']
const KEEP_MS = { minMs: 60_000, maxMs: 8_760 * 3_600_000 }

/**
 * Work that is done once for each key: repeats are given what the first call returned, while it is remembered. Throws
 * `Misuse` for options that are out of range.
 *
 * @example
 * const payments = once(locks, 'payments', { ledger: ledger(db), interrupted: 'refuse' })
 * const receipt = await payments.run(order.id, { fingerprint: `${order.total}` }, (attempt) => charge(order, attempt.key))
 */
export function once(locks: Locks, name: string, options: OnceOptions): Once {
  const client = clientOf(locks)
  checkKeys(options, OPTIONS)
  const { ledger, interrupted, failures = 'try-again', keep = '24h', ttl, wait } = options
  recipeName('once', name)
  if (!POLICIES.includes(interrupted)) {
    throw new Misuse(`interrupted must be 'run-again' or 'refuse': whether to repeat what may have had its effect`)
  }
  if (!FAILURES.includes(failures)) throw new Misuse(`failures must be 'keep' or 'try-again'`)
  const settings = acquireSettings(
    { ...(ttl !== undefined && { ttl }), ...(wait !== undefined && { wait }) },
    client.defaults,
  )
  return new LineOnce(client, {
    name,
    book: new KeyBook(client, {
      ledger: checkedLedger(ledger),
      keepMs: durationMs('keep', keep, KEEP_MS),
      keepsFailures: failures === 'keep',
    }),
    settings,
    runsAgain: interrupted === 'run-again',
  })
}
