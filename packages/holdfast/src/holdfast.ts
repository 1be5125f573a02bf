/** The front door: one client over one store. */
import { hostname } from 'node:os'
import { systemClock } from './time/clock.ts'
import { observe } from './client/observe.ts'
import { lookAt, query } from './client/query.ts'
import { Misuse, Unsupported } from './store/errors.ts'
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
import { register } from './client/client-registry.ts'
import type { Store } from './store/store.ts'
import { take, use, type Work } from './recipes/lock.ts'
import type { Locks } from './recipes/locks.ts'
import { mutexShape } from './recipes/mutex.ts'
import { readWriteLock } from './recipes/read-write.ts'
import { semaphore } from './recipes/semaphore.ts'
import { type SetWork, takeAll, takeAllOrThrow, useAll } from './recipes/several.ts'

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
  const locks: Locks = { ...locking(client), ...operating(client), [Symbol.asyncDispose]: () => client.close() }
  register(locks, client)
  return locks
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
    inspect: async (name) => await lookAt(client, name),
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
      const { claims, capacity } = await lookAt(client, name)
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
