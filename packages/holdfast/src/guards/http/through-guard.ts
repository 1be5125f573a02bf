/** Marks of a guard that keeps no transaction open: the token goes into the writes of the handler instead. */
import type { Fenced } from '../../lease/lease.ts'
import type { HttpMarks } from './marks.ts'

/**
 * For the guards of Redis and SQLite, whose work is a script or synchronous: the request enters before its handler runs, and the
 * handler is given the guard. **What it writes it must write by `held.tx.run(held.lease, …)`**; a `StaleToken` from there is
 * answered with 412 like any other. A write beside the guard is not guarded.
 *
 * @example
 * ```ts
 * const guard = httpGuard(throughGuard(fence(redis)))
 * ```
 */
export function throughGuard<Guard extends { enter(lease: Fenced): Promise<void> | void }>(
  guard: Guard,
): HttpMarks<Guard> {
  return {
    async run(lease, work) {
      await guard.enter(lease)
      return await work(guard)
    },
  }
}
