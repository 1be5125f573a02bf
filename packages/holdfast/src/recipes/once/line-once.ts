/**
 * Once-only work on one exclusive line for each key: the ledger says what has begun and what came of it, the token of the
 * lock decides between two that believe to be at work, and nothing is run while the ledger cannot be asked.
 */
import type { LockClient } from '../../client/client.ts'
import { lookAt } from '../../client/query.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { AcquireSettings } from '../../lease/settings.ts'
import { LeaseLost, Misuse, OutcomeUnknown, StaleToken } from '../../store/errors.ts'
import { instant } from '../../time/instant.ts'
import { acquireOrThrow } from '../../wait/acquire.ts'
import { Duty, resultOf, type WorkEnd } from '../duty.ts'
import type { AttemptTraits, EntryText, KeyBook } from '../key-book/key-book.ts'
import { returnedIn, type WrittenEntry } from '../key-book/key-entry.ts'
import { mutexShape } from '../mutex.ts'
import { recipeName } from '../recipe-name.ts'
import { LineAttempt } from './line-attempt.ts'
import { Interrupted, Mismatch, type Once, type OnceCall, type OnceState, type OnceWork } from './once.ts'

export interface OncePlan {
  readonly name: string
  readonly book: KeyBook
  readonly settings: AcquireSettings
  readonly runsAgain: boolean
}

/** A work that was told to stop has lost its lease, or its caller has given up: it is waited for as long as it takes. */
const STOP_WITHIN_MS = 86_400_000

/** A call for one key. */
interface KeyCall extends OnceCall {
  readonly key: string
  /** That of the lock and of the entry. */
  readonly name: string
}

export class LineOnce implements Once {
  readonly #client: LockClient
  readonly #plan: OncePlan

  constructor(client: LockClient, plan: OncePlan) {
    this.#client = client
    this.#plan = plan
  }

  async run<T>(key: string, callOrWork: OnceCall | OnceWork<T>, second?: OnceWork<T>): Promise<T> {
    const [call, work] = typeof callOrWork === 'function' ? [{}, callOrWork] : [callOrWork, second]
    if (typeof work !== 'function') throw new Misuse('run() needs the work to do: run(key, (attempt) => …)')
    const wanted: KeyCall = { ...call, key, name: this.#nameOf(key) }
    const before = this.#outcome<T>(await this.#plan.book.read(wanted.name), wanted)
    if (before !== undefined) return before.returned
    return await this.#held(wanted, async (lease) => {
      const found = await this.#plan.book.enter(lease)
      const meanwhile = this.#outcome<T>(found, wanted)
      if (meanwhile !== undefined) return meanwhile.returned
      if (found?.state === 'running' && !this.#plan.runsAgain) throw interrupted(key, found)
      return await this.#attempt(wanted, lease, (found?.attempt ?? 0) + 1, work)
    })
  }

  async look(key: string): Promise<OnceState> {
    const name = this.#nameOf(key)
    const found = await this.#plan.book.read(name)
    if (found === undefined || found.state === 'free') return { state: 'unknown' }
    const [at, { token, owner }] = [instant(found.atMs), found]
    if (found.state === 'done') return { state: 'done', at, token }
    if (found.state === 'failed') return { state: 'failed', at, token, error: found.error ?? '' }
    const { claims } = await lookAt(this.#client, name)
    const isHeld = claims.some((claim) => claim.state === 'held' && claim.token === token)
    return { state: isHeld ? 'running' : 'interrupted', since: at, token, owner }
  }

  async settle(
    key: string,
    outcome: { readonly returned: unknown } | 'nothing-happened',
  ): Promise<'settled' | 'not-interrupted'> {
    const name = this.#nameOf(key)
    return await this.#held({ key, name }, async (lease) => {
      const found = await this.#plan.book.enter(lease)
      if (found?.state !== 'running') return 'not-interrupted'
      const { book } = this.#plan
      await book.put(lease, outcome === 'nothing-happened' ? book.free(found) : book.done(found, outcome.returned))
      return 'settled'
    })
  }

  async #attempt<T>(
    { key, fingerprint, signal }: KeyCall,
    lease: HeldLease,
    attempt: number,
    work: OnceWork<T>,
  ): Promise<T> {
    const { book } = this.#plan
    const told = { attempt, fingerprint }
    await book.put(lease, book.begun(told))
    const duty = new Duty(this.#client, lease, { stopWithinMs: STOP_WITHIN_MS })
    const done = (returned: unknown): EntryText => book.done(told, returned)
    const given = new LineAttempt({ key, attempt, duty, ledger: book.ledger, done })
    const onAbort = (): void => duty.ask(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted === true) onAbort()
    const end = await duty.run(() => work(given))
    signal?.removeEventListener('abort', onAbort)
    if (end === undefined) {
      // Not called: nothing has happened.
      await this.#tell(lease, () => book.put(lease, book.free(told)))
      signal?.throwIfAborted()
      throw lease.loss ?? new LeaseLost(`"${lease.name}" was lost before its work began`, { resource: lease.name })
    }
    return 'threw' in end ? await this.#failed(lease, given, told, end) : await this.#returned(lease, given, end)
  }

  async #returned<T>(lease: HeldLease, given: LineAttempt, end: { readonly returned: T }): Promise<T> {
    try {
      const own = await this.#ownOutcome(lease, given)
      if (own !== undefined) return own.returned as T
      const entry = given.entryOf(end.returned)
      await this.#plan.book.put(lease, entry)
      return returnedIn(entry.value)
    } catch (cause) {
      if (cause instanceof Misuse) throw cause
      if (cause instanceof LeaseLost || cause instanceof StaleToken || !lease.isHeld())
        return resultOf(end, lease, 'expired')
      const words = `the work for "${given.key}" has returned, and the ledger did not take its outcome: look() tells whether it did`
      throw new OutcomeUnknown(words, { resource: lease.name, cause })
    }
  }

  async #failed(lease: HeldLease, given: LineAttempt, told: AttemptTraits, end: WorkEnd<never>): Promise<never> {
    await this.#tell(lease, async () => {
      if ((await this.#ownOutcome(lease, given)) !== undefined) return
      await this.#plan.book.put(lease, this.#plan.book.failed(told, 'threw' in end ? end.threw : undefined))
    })
    return resultOf(end, lease, lease.loss === undefined ? 'released' : 'expired')
  }

  /** What the work wrote itself, unless its transaction was rolled back. It waits for one that is still committing, and throws when that is not known. */
  async #ownOutcome(lease: HeldLease, given: LineAttempt): Promise<WrittenEntry | undefined> {
    if (!given.hasWritten) return undefined
    const found = await this.#plan.book.enter(lease)
    return found?.state === 'done' && found.token === lease.ref.token ? found : undefined
  }

  /** The work is over; where this cannot be written, the key counts as interrupted. */
  async #tell(lease: HeldLease, write: () => Promise<void>): Promise<void> {
    try {
      if (lease.isHeld()) await write()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.#client.logger?.warn(`what became of "${lease.name}" could not be written down: ${why}`)
    }
  }

  async #held<T>({ name, signal }: KeyCall, body: (lease: HeldLease) => Promise<T>): Promise<T> {
    const request = { shape: mutexShape(name), resource: this.#client.resourceOf(name), queue: true }
    const settings = signal === undefined ? this.#plan.settings : { ...this.#plan.settings, signal }
    const lease = await acquireOrThrow(this.#client, { ...request, settings })
    try {
      return await body(lease)
    } finally {
      await lease.release()
    }
  }

  /** What a repeat is given, without any lock; undefined where there is something to do. */
  #outcome<T>(
    found: WrittenEntry | undefined,
    { key, name, fingerprint }: KeyCall,
  ): { readonly returned: T } | undefined {
    if (found === undefined) return undefined
    if (fingerprint !== undefined && found.fingerprint !== undefined && found.fingerprint !== fingerprint) {
      throw new Mismatch(`the key "${key}" was used for something else: its fingerprint differs`, { resource: name })
    }
    if (found.state === 'failed') throw new Error(found.error)
    return found.state === 'done' ? { returned: found.returned as T } : undefined
  }

  #nameOf(key: string): string {
    if (typeof key !== 'string' || key === '') throw new Misuse('the key of once must be a text that is not empty')
    return recipeName('once', `${this.#plan.name}:${key}`)
  }
}

function interrupted(key: string, { atMs, owner }: WrittenEntry): Interrupted {
  const since = instant(atMs)
  const words = `"${key}" was begun at ${since.toISOString()} by ${owner} and never finished: look what it did, and say so with settle()`
  return new Interrupted(words, { key, since, by: owner })
}
