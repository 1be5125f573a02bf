/** The front door: one client over one store. */
import { hostname } from 'node:os'
import { systemClock } from './time/clock.ts'
import { observe, type ObserveOptions } from './client/observe.ts'
import { query } from './client/query.ts'
import { Misuse, Unsupported } from './store/errors.ts'
import type { Listener } from './client/events.ts'
import type { EventName } from './lease/events.ts'
import type { Lease } from './lease/lease.ts'
import { isOfMode } from './lease/lock-shape.ts'
import { NAME_BYTES_MAX, REASON_BYTES_MAX } from './store/limits.ts'
import { encodeName, namesOf, resourceOf, resourcePrefixOf } from './store/names.ts'
import {
  type AcquireOptions,
  acquireSettings,
  checkClientOptions,
  type HoldfastOptions,
  openWaitMs,
} from './client/options.ts'
import type { AcquireSettings } from './lease/settings.ts'
import { boundedText } from './store/bounded-text.ts'
import { fencingToken, parseSequencer } from './lease/sequencer.ts'
import { LockClient } from './client/client.ts'
import type { Store, TokenScaleView } from './store/store.ts'
import type { LineView } from './store/line-view.ts'
import type { Facts } from './store/facts.ts'
import { take, use, type Work } from './recipes/lock.ts'
import { mutexShape } from './recipes/mutex.ts'
import { type ReadWriteLock, readWriteLock } from './recipes/read-write.ts'
import { type Semaphore, semaphore, type SemaphoreOptions } from './recipes/semaphore.ts'
import { type LeaseSet, type SetWork, takeAll, takeAllOrThrow, useAll } from './recipes/several.ts'

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

const LIST_LIMIT_DEFAULT = 100
const LIST_LIMIT_MAX = 1_000

/**
 * A second client would close the store under the first one. One set for every copy of the library in this program; the
 * number is that of the seam.
 */
const taken: WeakSet<Store> = ((globalThis as { [slot: symbol]: WeakSet<Store> | undefined })[
  Symbol.for('holdfast/1/taken')
] ??= new WeakSet<Store>())

/**
 * A client over a store. Opens nothing until it is used; throws `Misuse` for options that are out of range. The store
 * belongs to the client, which opens and closes it: make one for each client.
 */
export function holdfast(store: Store, options: HoldfastOptions = {}): Locks {
  const { namespace, settings } = checked(options)
  if (typeof store?.open !== 'function') throw new Misuse('holdfast() needs a store, such as sqlite() or memory()')
  if (taken.has(store)) throw new Misuse('this store belongs to another client already: make one for each client')
  taken.add(store)
  const client = new LockClient(store, {
    clock: options.clock ?? systemClock,
    namespace,
    owner: boundedText('owner', options.owner ?? `${hostname()}/${process.pid}`, NAME_BYTES_MAX),
    require: options.require,
    openWaitMs: openWaitMs(options),
    logger: options.logger,
    defaults: options,
    settings,
  })
  return { ...locking(client), ...operating(client), [Symbol.asyncDispose]: () => client.close() }
}

function checked(options: HoldfastOptions): { readonly namespace: string; readonly settings: AcquireSettings } {
  checkClientOptions(options)
  const namespace = options.namespace ?? 'default'
  encodeName('namespace', namespace)
  return { namespace, settings: acquireSettings({}, options) }
}

type Locking = Pick<
  Locks,
  'tryAcquire' | 'acquire' | 'using' | 'tryAcquireAll' | 'acquireAll' | 'usingAll' | 'readWrite' | 'semaphore'
>
type Operating = Pick<
  Locks,
  'open' | 'inspect' | 'observe' | 'list' | 'evict' | 'check' | 'rebase' | 'on' | 'health' | 'close'
>

function locking(client: LockClient): Locking {
  return {
    tryAcquire: (name, call) => take(client, mutexShape(name), false, call),
    acquire: (name, call) => take(client, mutexShape(name), true, call),
    using: async <T>(name: string, ...call: [Work<T>] | [AcquireOptions, Work<T>]) => {
      const [callOptions, work] = call.length === 1 ? [undefined, call[0]] : call
      return use(client, mutexShape(name), callOptions, work)
    },
    tryAcquireAll: (names, call = {}) => takeAll(client, names, false, call),
    acquireAll: async (names, call = {}) => {
      return await takeAllOrThrow(client, names, call)
    },
    usingAll: async <T>(names: readonly string[], ...call: [SetWork<T>] | [AcquireOptions, SetWork<T>]) => {
      const [callOptions, work] = call.length === 1 ? [{}, call[0]] : call
      return useAll(client, names, callOptions, work)
    },
    readWrite: (name) => {
      encodeName('name', name)
      return readWriteLock(client, name)
    },
    semaphore: (name, places) => {
      encodeName('name', name)
      return semaphore(client, name, places)
    },
  }
}

function operating(client: LockClient): Operating {
  const { namespace, events, leases } = client
  return {
    open: async () => (await client.open()).facts,
    async inspect(name) {
      const resource = resourceOf(namespace, name)
      return await query(client, { name, changes: false }, (store) => store.look(resource))
    },
    observe(name, options = {}) {
      encodeName('name', name)
      return observe(client, name, options)
    },
    async list({ prefix = '', cursor, limit = LIST_LIMIT_DEFAULT } = {}) {
      const resourcePrefix = resourcePrefixOf(namespace, prefix)
      if (!Number.isInteger(limit) || limit < 1 || limit > LIST_LIMIT_MAX) {
        throw new Misuse(`limit must be a whole number from 1 to ${LIST_LIMIT_MAX}, got ${String(limit)}`)
      }
      if (cursor !== undefined && typeof cursor !== 'string') throw new Misuse('cursor must be that of the page before')
      const page = await query(client, { name: prefix, changes: false }, (store) =>
        store.list(resourcePrefix, cursor, limit),
      )
      const names = page.resources.map((resource) => namesOf(resource).name)
      // A place in the store's own walk, which need not be a name.
      return page.cursor === undefined ? { names } : { names, cursor: page.cursor }
    },
    async evict(name, { token, reason }) {
      const resource = resourceOf(namespace, name)
      if (typeof token !== 'bigint') throw new Misuse('evict needs the token of the holder, as a bigint')
      if (boundedText('reason', reason, REASON_BYTES_MAX) === '')
        throw new Misuse('evict needs a reason to tell the holder')
      return await query(client, { name, changes: true }, (store) => store.evict(resource, token, reason))
    },
    async check(sequencer) {
      const { namespace: stated, name, mode, token } = parseSequencer(sequencer)
      if (stated !== namespace) throw new Misuse(`this client is of the namespace "${namespace}", not of "${stated}"`)
      const resource = resourceOf(namespace, name)
      const { claims, capacity } = await query(client, { name, changes: false }, (store) => store.look(resource))
      const holder = claims.find((claim) => claim.state === 'held' && claim.token === token)
      return holder !== undefined && isOfMode(mode, holder.weight, capacity) ? 'live' : 'gone'
    },
    async rebase(to) {
      if (to !== undefined) fencingToken(to)
      return await query(client, { name: 'the scale of tokens', changes: to !== undefined }, (store) => {
        if (store.rebase !== undefined) return store.rebase(to)
        throw new Unsupported(`${store.facts.engine}: its tokens cannot be rebased by this version`)
      })
    },
    on: (name, listener) => events.on(name, listener),
    health() {
      const inJeopardy = [...leases].filter((lease) => lease.state === 'jeopardy').length
      const state = client.isClosed ? 'closed' : inJeopardy > 0 ? 'jeopardy' : 'ok'
      return { state, leases: leases.size, inJeopardy, waiting: client.waits.size }
    },
    close: () => client.close(),
  }
}
