/** From the options of a command to its grant: one lock, permits of one, or several locks, all or nothing. */
import { type AcquireOptions, type Facts, type Lease, type Locks, WaitTimeout } from 'holdfast'
import { refuseOwnAncestor } from './ancestry.ts'
import type { Context, Opened } from './context.ts'
import { Failure } from './exit-codes.ts'
import { Grant } from './grant.ts'
import { withInterruptibleLocks } from './interruptible-locks.ts'
import { holdersInWords } from './line-view.ts'
import { openedOrInterrupted } from './open-notice.ts'
import { lockDelayMs, type RunCommandOptions, type RunSettings } from './run-settings.ts'
import type { SignalDesk } from './signals.ts'
import { inWords } from './text.ts'
import { tellWhileWaiting } from './wait-notice.ts'

export interface GrantRequest {
  readonly context: Context
  readonly opened: Opened
  readonly settings: RunSettings
  readonly signals: SignalDesk
  readonly facts: Facts
  /** What the store took of the wait. */
  readonly openMs: number
}

/** A timer may be early by so much. */
const TIMER_MS = 2

/** Opens the store, and closes it after the work. A signal that comes before a grant is the exit code. */
export async function withGrantRequest(
  context: Context,
  options: RunCommandOptions,
  settings: RunSettings,
  work: (request: GrantRequest) => Promise<number>,
): Promise<number> {
  const activity = `waiting for ${inWords(settings.names)}`
  return await withInterruptibleLocks(
    { context, options, openWait: settings.openWaitMs, activity },
    async (opened, signals) => {
      const startedMs = performance.now()
      const facts = await openedOrInterrupted(context.printer, opened.locks, signals.interrupted.signal)
      const openMs = performance.now() - startedMs
      if (settings.waitMs !== undefined) await refuseOwnAncestor(opened, settings.names, context.environment)
      return await work({ context, opened, settings, signals, facts, openMs })
    },
  )
}

/** Throws `Failure` when the locks were not obtained, and the reason of the signal. */
export async function granted({ context, opened, settings, signals, facts, openMs }: GrantRequest): Promise<Grant> {
  const { locks } = opened
  const { names } = settings
  const lock = lockOf(locks, settings)
  const { signal } = signals.interrupted
  const acquire = { ...settings.acquire, signal, lockDelay: lockDelayMs(settings, facts) }
  if (settings.waitMs === undefined) {
    const leases = await lock.tryAcquire(acquire)
    if (leases === null) throw await notObtained(locks, settings, names, 'is busy')
    return new Grant(leases)
  }
  const waitMs = Math.max(0, Math.ceil(settings.waitMs - openMs))
  const waiting = tellWhileWaiting(context.printer, locks)
  try {
    return new Grant(await lock.acquire({ ...acquire, wait: waitMs }))
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    // Refused before the time was over: the line is full.
    const isFull = error.waitedMs + TIMER_MS < waitMs
    const what = isFull ? 'has too many waiting already' : `did not become free within ${settings.waitInWords}`
    throw await notObtained(locks, settings, [error.resource ?? names[0]], what)
  } finally {
    waiting.end()
  }
}

/** What all kinds of lock have in common here. */
interface Takeable {
  tryAcquire(options: AcquireOptions): Promise<readonly Lease[] | null>
  acquire(options: AcquireOptions): Promise<readonly Lease[]>
}

/** One lock of the library, whatever its kind. */
interface SingleLock {
  tryAcquire(options: AcquireOptions & { readonly take?: number }): Promise<Lease | null>
  acquire(options: AcquireOptions & { readonly take?: number }): Promise<Lease>
}

function lockOf(locks: Locks, { names, mode, permits, take }: RunSettings): Takeable {
  const [name, ...others] = names
  if (others.length > 0) {
    return {
      tryAcquire: async (acquire) => (await locks.tryAcquireAll(names, acquire))?.leases ?? null,
      acquire: async (acquire) => (await locks.acquireAll(names, acquire)).leases,
    }
  }
  if (permits !== undefined) return asList(locks.semaphore(name, { permits }), { take })
  if (mode === 'shared') return asList(locks.readWrite(name).read)
  if (mode === 'exclusive') return asList(locks.readWrite(name).write)
  return asList({
    tryAcquire: (acquire) => locks.tryAcquire(name, acquire),
    acquire: (acquire) => locks.acquire(name, acquire),
  })
}

function asList(lock: SingleLock, part: { readonly take?: number } = {}): Takeable {
  return {
    tryAcquire: async (acquire) => {
      const lease = await lock.tryAcquire({ ...acquire, ...part })
      return lease === null ? null : [lease]
    },
    acquire: async (acquire) => [await lock.acquire({ ...acquire, ...part })],
  }
}

/** Names the lock that was in the way, as far as the store still tells. */
async function notObtained(
  locks: Locks,
  settings: RunSettings,
  candidates: readonly string[],
  what: string,
): Promise<Failure> {
  for (const name of candidates) {
    const holders = await locks.inspect(name).then(holdersInWords, () => undefined)
    if (holders !== undefined) return new Failure(settings.conflictExitCode, `"${name}" ${what}; held by ${holders}`)
  }
  const [first, ...others] = candidates
  const which = others.length === 0 ? `"${first}"` : 'one of the locks'
  return new Failure(settings.conflictExitCode, `${which} ${what}`)
}
