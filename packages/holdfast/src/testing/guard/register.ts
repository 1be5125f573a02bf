/**
 * What a guard is tried on: a register of numbers, where every accepted write leaves a record in the resource's own
 * commit order. Judged from the clients' side a broken guard looks right, because a stale write overlaps the new one;
 * the commit order tells.
 */
import type { Clock } from '../../time/clock.ts'
import type { Fenced } from '../../lease/lease.ts'

/** A read-modify-write: `value` was computed from `based`, which was read under the key before. */
export interface Change {
  readonly key: string
  readonly based: number
  readonly value: number
}

/** An accepted change and the token it came with. */
export interface Commit extends Change {
  readonly token: bigint
}

/** Called inside the guarded transaction; what `before` and `after` throw must roll it back. */
export interface WriteHooks {
  /** After the guard let the holder pass, before the data is written. */
  readonly before?: () => void
  /** After the data is written, before the commit. */
  readonly after?: () => void
  /**
   * At the moment of `before`: starts something on another connection, which may have to wait for this commit. So the
   * adapter must not wait for its end; where the engine is asynchronous it waits until it has ended or is seen waiting.
   */
  readonly meanwhile?: () => Promise<unknown>
}

/** One connection to the register, with the guard under test on it. */
export interface GuardedRegister {
  enter(holder: Fenced): Promise<void>
  check(holder: Fenced): Promise<void>
  /** A plain read that the guard has no part in; 0 where nothing was written. */
  read(key: string): Promise<number>
  /** Enters, then reads; where the driver is synchronous, without a turn of the event loop between. */
  enterAndRead(holder: Fenced, key: string): Promise<number>
  /** One guarded transaction that stores the value and appends the record. */
  write(holder: Fenced, change: Change, hooks?: WriteHooks): Promise<void>
  /**
   * In a transaction of the caller: the guard lets the holder pass inside a nested one (a savepoint, as ORMs nest), the
   * nested one is rolled back, `meanwhile` is called, and the outer one stores the value, appends the record and commits.
   * For guards whose transaction runs the caller's code.
   */
  writeAfterNestedRollback?(holder: Fenced, change: Change, hooks?: Pick<WriteHooks, 'meanwhile'>): Promise<void>
}

/** A fresh, empty resource. */
export interface GuardedResource {
  /** Another connection; the resource closes it. */
  connect(): Promise<GuardedRegister>
  /** All records in the resource's own commit order. */
  commits(): Promise<readonly Commit[]>
  close(): Promise<void>
}

/** The clock is for the guard's bound on tokens. */
export type MakeGuard = (clock: Clock) => Promise<GuardedResource>

/** Accepted writes that a later accepted write did not build on, although it came right after them. */
export function lostUpdates(commits: readonly Commit[]): number {
  let lost = 0
  for (const [index, commit] of commits.entries()) {
    if (index > 0 && commits[index - 1]?.value !== commit.based) lost += 1
  }
  return lost
}

/** Commits that came after one with a higher token. */
export function tokensGoneBack(commits: readonly Commit[]): number {
  return commits.filter((commit, index) => index > 0 && (commits[index - 1]?.token ?? 0n) > commit.token).length
}
