/**
 * Several mutexes, all or nothing, within one limit for all of them. All are tried together, which costs a store that
 * batches one round trip. Where one is busy, what comes behind it in the global order — that of the encoded names — is
 * given back and the busy one is waited for, so that two callers can never wait for each other.
 */
import type { HeldLease } from '../lease/held-lease.ts'
import { Misuse, WaitTimeout } from '../store/errors.ts'
import type { Lease } from '../lease/lease.ts'
import { NAMES_AT_ONCE_MAX } from '../store/limits.ts'
import { encodeName } from '../store/names.ts'
import { type AcquireOptions, acquireSettings } from '../client/options.ts'
import type { AcquireSettings } from '../lease/settings.ts'
import { acquire } from '../wait/acquire.ts'
import { tooLong } from '../wait/wait-errors.ts'
import type { LockClient } from '../client/client.ts'
import type { ClaimRequest } from '../wait/claim-request.ts'
import { runUnder } from './lock.ts'
import { mutexShape } from './mutex.ts'

/** Several leases that stand and fall together. There is no single token. */
export interface LeaseSet extends AsyncDisposable {
  /** One lease for each name, in the order the names were given. */
  readonly leases: readonly Lease[]
  /** Aborts as soon as one of them is lost. */
  readonly signal: AbortSignal
  /** Whether all of them are held by this process's own clocks, now. */
  isHeld(): boolean
  /** Throws `LeaseLost` for the first one that is not held now. */
  assertHeld(): void
  /** Gives all of them back. Never throws. */
  release(): Promise<void>
}

export type SetWork<T> = (leases: LeaseSet) => T | PromiseLike<T>

export async function takeAll(
  client: LockClient,
  names: readonly string[],
  queue: boolean,
  options: AcquireOptions,
): Promise<HeldSet | null> {
  const ordered = orderedNames(names)
  const settings = acquireSettings(options, client.defaults)
  const heldHere = settings.detached ? undefined : ordered.find((name) => client.reentry.heldHere(name) !== undefined)
  if (heldHere !== undefined && queue) throw waitsForItself(heldHere)
  if (heldHere !== undefined) return null
  const taken = new Map<string, HeldLease>()
  const undo = (): Promise<unknown> => Promise.all([...taken.values()].map((lease) => lease.undo()))
  try {
    if (!(await takeInOrder(client, ordered, { queue, settings }, taken))) {
      await undo()
      return null
    }
    const set = new HeldSet(names.flatMap((name) => taken.get(name) ?? []))
    // The first ones may have been lost while the last one was waited for.
    set.assertHeld()
    return set
  } catch (error) {
    await undo()
    throw error
  }
}

/** Whether all were got; those that were are in `taken`. Each round gets one name at least, or ends. */
async function takeInOrder(
  client: LockClient,
  ordered: readonly string[],
  { queue, settings }: { readonly queue: boolean; readonly settings: AcquireSettings },
  taken: Map<string, HeldLease>,
): Promise<boolean> {
  const startedMs = client.clock.monotonicMs()
  for (let rest = ordered; rest.length > 0;) {
    const leases = await tryTogether(client, rest, settings)
    const firstBusy = leases.indexOf(null)
    const got = firstBusy < 0 ? rest.length : firstBusy
    leases.slice(0, got).forEach((lease, index) => keep(taken, rest[index], lease))
    const busy = rest[got]
    if (busy === undefined) return true
    // Nothing behind the name that is waited for may be held meanwhile.
    await undoAll(leases.slice(got))
    if (!queue) return false
    keep(taken, busy, await waitFor(client, busy, settings, startedMs))
    rest = rest.slice(got + 1)
  }
  return true
}

/** A lease for each name that is free, in their order. */
async function tryTogether(
  client: LockClient,
  names: readonly string[],
  settings: AcquireSettings,
): Promise<readonly (HeldLease | null)[]> {
  const tries = await Promise.allSettled(
    names.map((name) => acquire(client, { ...requestFor(client, name, settings), queue: false, isTrial: true })),
  )
  const failed = tries.find((each) => each.status === 'rejected')
  const leases = tries.map((each) => (each.status === 'fulfilled' ? each.value : null))
  if (failed === undefined) return leases
  await undoAll(leases)
  throw failed.reason
}

async function undoAll(leases: readonly (HeldLease | null)[]): Promise<void> {
  await Promise.all(leases.map(async (lease) => lease?.undo()))
}

async function waitFor(
  client: LockClient,
  name: string,
  settings: AcquireSettings,
  startedMs: number,
): Promise<HeldLease | null> {
  const waitMs = Math.max(0, settings.waitMs - (client.clock.monotonicMs() - startedMs))
  return acquire(client, { ...requestFor(client, name, { ...settings, waitMs }), queue: true }).catch(
    (error: unknown) => {
      // What was left for this name says nothing to a caller that waited for all of them.
      throw error instanceof WaitTimeout ? tooLong(name, client.clock.monotonicMs() - startedMs) : error
    },
  )
}

function requestFor(client: LockClient, name: string, settings: AcquireSettings): Omit<ClaimRequest, 'queue'> {
  return { shape: mutexShape(name), resource: client.resourceOf(name), settings }
}

function keep(taken: Map<string, HeldLease>, name: string | undefined, lease: HeldLease | null | undefined): void {
  if (name !== undefined && lease !== null && lease !== undefined) taken.set(name, lease)
}

function waitsForItself(name: string): Misuse {
  return new Misuse(
    `"${name}" is already held by the using() this code runs in, and a set cannot share it: ` +
      'take all names together from the start, or say { detached: true } to claim second places.',
    { resource: name },
  )
}

export async function useAll<T>(
  client: LockClient,
  names: readonly string[],
  options: AcquireOptions,
  work: SetWork<T>,
): Promise<T> {
  if (typeof work !== 'function')
    throw new Misuse('usingAll() needs the work to do: usingAll(names, options, (leases) => …)')
  const set = await takeAllOrThrow(client, names, options)
  return await runUnder(client.reentry, set.leases, () => work(set))
}

/** For calls that wait: they end with the set or an error. */
export async function takeAllOrThrow(
  client: LockClient,
  names: readonly string[],
  options: AcquireOptions,
): Promise<HeldSet> {
  const set = await takeAll(client, names, true, options)
  if (set === null) throw new Misuse('a claim that waits was refused: the store broke the seam')
  return set
}

class HeldSet implements LeaseSet {
  readonly leases: readonly HeldLease[]
  readonly #signal: AbortSignal

  constructor(leases: readonly HeldLease[]) {
    this.leases = leases
    this.#signal = AbortSignal.any(leases.map((lease) => lease.signal))
  }

  get signal(): AbortSignal {
    // Compares the clocks of each, and the signal follows at once.
    this.isHeld()
    return this.#signal
  }

  isHeld(): boolean {
    // All of them, so that each notices for itself.
    return this.leases.map((lease) => lease.isHeld()).every(Boolean)
  }

  assertHeld(): void {
    for (const lease of this.leases) lease.assertHeld()
  }

  async release(): Promise<void> {
    await Promise.all(this.leases.map((lease) => lease.release()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}

function orderedNames(names: readonly string[]): readonly string[] {
  const given: unknown = names
  if (!Array.isArray(given) || names.length === 0 || names.length > NAMES_AT_ONCE_MAX) {
    throw new Misuse(`names must be a list of 1 to ${NAMES_AT_ONCE_MAX} names`)
  }
  const encoded = new Map(names.map((name) => [encodeName('name', name), name]))
  if (encoded.size < names.length) throw new Misuse('names must not repeat: a name cannot be held twice')
  return [...encoded.keys()].sort().flatMap((key) => encoded.get(key) ?? [])
}
