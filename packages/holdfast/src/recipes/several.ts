/**
 * Several mutexes, all or nothing. They are taken one after another in one global order — that of the encoded names —
 * so that two callers can never wait for each other, within one limit for all of them.
 */
import type { HeldLease } from '../core/held.ts'
import { Misuse } from '../core/errors.ts'
import type { Lease } from '../core/lease.ts'
import { NAMES_AT_ONCE_MAX } from '../core/limits.ts'
import { encodeName } from '../core/names.ts'
import { type AcquireOptions, acquireSettings } from '../core/options.ts'
import { obtain } from '../core/waiting.ts'
import { type Client, runUnder } from './lock.ts'
import { mutexPlace } from './mutex.ts'

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

export async function takeAll(
  client: Client,
  names: readonly string[],
  queue: boolean,
  options: AcquireOptions,
): Promise<HeldSet | null> {
  const { clock } = client.session
  const ordered = orderedNames(names)
  const settings = acquireSettings(options, client.defaults)
  for (const name of ordered) client.reentry.find(name, 'exclusive', { ...settings, reentrant: false })
  const endsAtMs = clock.monotonicMs() + settings.waitMs
  const taken = new Map<string, HeldLease>()
  const undo = (): Promise<unknown> => Promise.all([...taken.values()].map((lease) => lease.undo()))
  try {
    for (const name of ordered) {
      const waitMs = Math.max(0, endsAtMs - clock.monotonicMs())
      const lease = await obtain(client.session, { ...mutexPlace(name), queue, settings: { ...settings, waitMs } })
      if (lease === null) {
        await undo()
        return null
      }
      taken.set(name, lease)
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

export async function useAll<T>(
  client: Client,
  names: readonly string[],
  options: AcquireOptions,
  work: (leases: LeaseSet) => T | PromiseLike<T>,
): Promise<T> {
  if (typeof work !== 'function')
    throw new Misuse('usingAll() needs the work to do: usingAll(names, options, (leases) => …)')
  const set = await takeAll(client, names, true, options)
  if (set === null) throw new Misuse('the names were refused although this call waits')
  return await runUnder(client.reentry, set.leases, () => work(set))
}

class HeldSet implements LeaseSet {
  readonly leases: readonly HeldLease[]
  readonly signal: AbortSignal

  constructor(leases: readonly HeldLease[]) {
    this.leases = leases
    this.signal = AbortSignal.any(leases.map((lease) => lease.signal))
  }

  isHeld(): boolean {
    return this.leases.every((lease) => lease.isHeld())
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
