/** What `holdfast()` returns: every verb of a client, as one interface that recipes take. */
import type { Listener } from '../client/events.ts'
import type { ObserveOptions } from '../client/observe.ts'
import type { AcquireOptions } from '../client/options.ts'
import type { EventName } from '../lease/events.ts'
import type { Lease } from '../lease/lease.ts'
import type { Facts } from '../store/facts.ts'
import type { LineView } from '../store/line-view.ts'
import type { TokenScaleView } from '../store/store.ts'
import type { Work } from './lock.ts'
import type { ReadWriteLock } from './read-write.ts'
import type { Semaphore, SemaphoreOptions } from './semaphore.ts'
import type { LeaseSet, SetWork } from './several.ts'

/** How a client is doing, for a health check. */
export interface Health {
  /** `jeopardy`: at least one lease cannot be renewed at the moment. */
  readonly state: 'ok' | 'jeopardy' | 'closed'
  readonly leases: number
  readonly inJeopardy: number
  readonly waiting: number
}

export interface ListOptions {
  /** Only names that start with this. @default '' */
  readonly prefix?: string
  /** The `cursor` of the page before. @default the first page */
  readonly cursor?: string
  /** Names on one page, 1 – 1000. @default 100 */
  readonly limit?: number
}

export interface NamePage {
  readonly names: readonly string[]
  /** Present when there is more. */
  readonly cursor?: string
}

export interface EvictOptions {
  /** The token of the holder to evict: no later holder is hit when the lock changed hands meanwhile. */
  readonly token: bigint
  /** Told to the holder. 1 – 500 bytes of UTF-8. */
  readonly reason: string
}

/** All that one client can do. Every method validates its arguments before any I/O. */
export interface Locks extends AsyncDisposable {
  /** The lease of a mutex, or null when it is held already. Throws only when that cannot be found out (within 5 s), or for misuse. */
  tryAcquire(name: string, options?: AcquireOptions): Promise<Lease | null>
  /** Waits for the turn, at most `wait`; throws `WaitTimeout`, or the reason of the signal. */
  acquire(name: string, options?: AcquireOptions): Promise<Lease>
  /**
   * Runs the work under the mutex and releases it, whatever happens. Rejects with `LeaseLost` when the lease was lost
   * before the work ended; the error carries what the work returned or threw.
   */
  using<T>(name: string, work: Work<T>): Promise<T>
  using<T>(name: string, options: AcquireOptions, work: Work<T>): Promise<T>
  /** Several mutexes, all or nothing, or null when one of them is held. At most 100 names, each asked for at most 5 s. */
  tryAcquireAll(names: readonly string[], options?: AcquireOptions): Promise<LeaseSet | null>
  /** Several mutexes, all or nothing, taken in one global order so that two callers never dead-lock. At most 100 names. */
  acquireAll(names: readonly string[], options?: AcquireOptions): Promise<LeaseSet>
  /** Runs the work under several mutexes, all or nothing. */
  usingAll<T>(names: readonly string[], work: SetWork<T>): Promise<T>
  usingAll<T>(names: readonly string[], options: AcquireOptions, work: SetWork<T>): Promise<T>
  /** Many readers or one writer. */
  readWrite(name: string): ReadWriteLock
  /** At most n permits at a time. */
  semaphore(name: string, options: SemaphoreOptions): Semaphore
  /** Opens the store now instead of at the first use, and tells what it promises. */
  open(): Promise<Facts>
  /** Who holds a name and who waits for it. */
  inspect(name: string): Promise<LineView>
  /**
   * The line of one name, now and after every change, the newest only: changes that follow one another faster than the loop
   * reads are joined. While the store is away nothing is yielded, and it resumes on its own. Costs no claim. Throws
   * `StoreUnavailable` when the line can never be read: `isFinal` is true.
   *
   * @example
   * for await (const { claims } of locks.observe('nightly')) console.log(claims[0]?.owner ?? 'free')
   */
  observe(name: string, options?: ObserveOptions): AsyncIterable<LineView>
  /** Names with a holder or a waiter, in the order of their encoding, a page at a time. */
  list(options?: ListOptions): Promise<NamePage>
  /** Takes the lock from the holder with exactly this token; it is told why, and its token is stale from the next grant on. */
  evict(name: string, options: EvictOptions): Promise<'evicted' | 'gone'>
  /**
   * Whether exactly what a sequencer says is held now, by the word of the store: this lock, in this mode, with this
   * token. The namespace must be that of the client. What is `live` may be over a moment later: a guard has the last word.
   */
  check(sequencer: string): Promise<'live' | 'gone'>
  /**
   * Puts the scale of all tokens of the store elsewhere, of all names and namespaces: the next ones come right behind `to`.
   * Returns how it was before; without `to` only looks. What it costs is in docs/protocols/tokens.md: ask an operator, as
   * `holdfast rebase` does. Throws `Unsupported` where the store cannot do it.
   */
  rebase(to?: bigint): Promise<TokenScaleView>
  /** Calls the listener for each event until the returned function is called. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void
  health(): Health
  /** Gives back every lease and tells its work, ends every wait, closes what the store opened. Idempotent; takes at most about 5 s when the store is unreachable. */
  close(): Promise<void>
}
