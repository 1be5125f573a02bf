/** What a guard for HTTP asks of the marks below it: one piece of work that no newer holder can come into. */
import type { Fenced } from '../../lease/lease.ts'

/**
 * Where the marks are. The guards of PostgreSQL and MySQL are of this shape as they are; `processMarks()` is for a server
 * that is one process, and `throughGuard(guard)` for guards that cannot keep a transaction open.
 */
export interface HttpMarks<Tx> {
  /** Raises the mark, runs the work and keeps newer holders out until it is over, or rejects with `StaleToken`. */
  run<T>(lease: Fenced, work: (tx: Tx) => Promise<T>): Promise<T>
}

/** What a handler is told of the request that it may carry out. */
export interface HeldRequest<Tx> {
  /** The lock and the token that came with the request. */
  readonly lease: Fenced
  /** The open transaction, the guard to write through, or nothing, as the marks have it. */
  readonly tx: Tx
}
