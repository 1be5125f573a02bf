/** The leases that the running code is under, so that a method finds its token without being handed it. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Lease, Misuse } from 'holdfast'

/** The innermost first. */
const held = new AsyncLocalStorage<readonly Lease[]>()

export function runUnderLeases<T>(leases: readonly Lease[], work: () => T): T {
  return held.run([...leases, ...(held.getStore() ?? [])], work)
}

/**
 * The lease of the method with `@Locked` that the caller runs in, the innermost one, or that of a name. Throws `Misuse` outside of
 * any: a proof that a function is not called without its lock.
 *
 * @example
 * ```ts
 * await seats.run(currentLease(), (tx) => tx.query('UPDATE …'))
 * ```
 */
export function currentLease(name?: string): Lease {
  const lease = held.getStore()?.find((each) => name === undefined || each.name === name)
  if (lease !== undefined) return lease
  const which = name === undefined ? 'a lock' : `the lock "${name}"`
  throw new Misuse(`this code does not run under ${which}: call it from a method with @Locked`)
}
