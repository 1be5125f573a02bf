/** `holdfast run`: waits for the lock, runs a command under it, and sees to it that the command ends before the lease does. */
import { type AcquireOptions, type Facts, type Lease, type Locks, type ReleaseOutcome, WaitTimeout } from 'holdfast'
import { refuseOwnAncestor } from './ancestry.ts'
import { type Context, type Opened, withLocks } from './context.ts'
import { requireExecutable } from './executable.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { type CommandEnd, GuardedCommand } from './guarded-command.ts'
import { environmentOf } from './lease-environment.ts'
import { holdersInWords } from './line-view.ts'
import { openedOrInterrupted, tellDefault } from './open-notice.ts'
import type { Printer } from './printer.ts'
import { lockDelayMs, type RunCommandOptions, type RunSettings, runSettings, WAIT_DEFAULT } from './run-settings.ts'
import { SignalDesk, signalExitCode } from './signals.ts'
import { tellTrouble } from './trouble-notice.ts'
import { tellWhileWaiting } from './wait-notice.ts'

/** A timer may be early by so much. */
const TIMER_MS = 2

export interface RunRequest {
  readonly name: string
  readonly command: readonly string[]
  readonly options: RunCommandOptions
}

export async function runCommand(context: Context, request: RunRequest): Promise<number> {
  const { name, command, options } = request
  const settings = runSettings(options)
  requireExecutable(command[0] ?? '', context.environment)
  const signals = new SignalDesk()
  try {
    const work = async (opened: Opened): Promise<number> => {
      await tellDefault(context, opened)
      const startedMs = performance.now()
      const facts = await openedOrInterrupted(context.printer, opened.locks, signals.interrupted.signal)
      const openMs = performance.now() - startedMs
      const wanted = { namespace: opened.namespace, name }
      if (settings.waitMs !== undefined) await refuseOwnAncestor(opened.locks, wanted, context.environment)
      const guarded = new GuardedCommand()
      try {
        const lease = await obtain({ context, opened, request, settings, facts, openMs }, signals.interrupted.signal)
        return await runUnder(lease, { context, opened, request, settings, guarded, signals })
      } finally {
        await guarded.dismiss()
      }
    }
    return await withLocks(context, options, work, settings.openWaitMs)
  } catch (error) {
    const signal = signals.interruptedBy
    if (signal !== undefined && error === signal)
      throw new Failure(signalExitCode(signal), `stopped waiting for "${name}": ${signal}`)
    throw error
  } finally {
    signals.close()
  }
}

interface Wanted {
  readonly context: Context
  readonly opened: Opened
  readonly request: RunRequest
  readonly settings: RunSettings
  readonly facts: Facts
  /** What the store took of the wait. */
  readonly openMs: number
}

async function obtain(wanted: Wanted, signal: AbortSignal): Promise<Lease> {
  const { context, opened, request, settings, facts, openMs } = wanted
  const { printer } = context
  const { locks } = opened
  const { name } = request
  const lock = lockOf(locks, name, settings)
  const acquire = { ...settings.acquire, signal, lockDelay: lockDelayMs(settings, facts) }
  if (settings.waitMs === undefined) {
    const lease = await lock.tryAcquire(acquire)
    if (lease === null) throw await notObtained(locks, name, settings, 'is busy')
    return lease
  }
  const waitMs = Math.max(0, Math.ceil(settings.waitMs - openMs))
  const waiting = tellWhileWaiting(printer, locks, name)
  try {
    return await lock.acquire({ ...acquire, wait: waitMs })
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error
    // Refused before the time was over: the line is full.
    const isFull = error.waitedMs + TIMER_MS < waitMs
    throw await notObtained(
      locks,
      name,
      settings,
      isFull
        ? 'has too many waiting already'
        : `did not become free within ${String(request.options.wait ?? WAIT_DEFAULT)}`,
    )
  } finally {
    waiting.end()
  }
}

/** What the three kinds of lock have in common here. */
interface Takeable {
  tryAcquire(options: AcquireOptions): Promise<Lease | null>
  acquire(options: AcquireOptions): Promise<Lease>
}

function lockOf(locks: Locks, name: string, { mode }: RunSettings): Takeable {
  if (mode === 'shared') return locks.readWrite(name).read
  if (mode === 'exclusive') return locks.readWrite(name).write
  return {
    tryAcquire: (acquire) => locks.tryAcquire(name, acquire),
    acquire: (acquire) => locks.acquire(name, acquire),
  }
}

async function notObtained(locks: Locks, name: string, settings: RunSettings, what: string): Promise<Failure> {
  const holders = await locks.inspect(name).then(holdersInWords, () => undefined)
  return new Failure(
    settings.conflictExitCode,
    `"${name}" ${what}${holders === undefined ? '' : `; held by ${holders}`}`,
  )
}

interface Run {
  readonly context: Context
  readonly opened: Opened
  readonly request: RunRequest
  readonly settings: RunSettings
  readonly guarded: GuardedCommand
  readonly signals: SignalDesk
}

async function runUnder(lease: Lease, run: Run): Promise<number> {
  const { context, opened, request, settings, guarded, signals } = run
  const { printer } = context
  const stopListening = [
    opened.locks.on('renewed', () => guarded.renewed(lease)),
    tellTrouble(printer, opened.locks, request.name),
  ]
  let outcome: ReleaseOutcome | undefined
  try {
    // A signal that came with the grant was meant for the wait.
    signals.interrupted.signal.throwIfAborted()
    signals.handOver((signal) => guarded.forward(signal))
    const { command } = request
    const end = await guarded.run(lease, {
      command,
      stopBeforeMs: settings.stopBeforeMs,
      environment: await environmentOf(lease, opened, context.environment),
    })
    const lost = lease.signal.aborted ? reasonOf(lease.signal) : undefined
    outcome = await lease.release()
    return codeOf(printer, request.name, end, outcome, lost)
  } finally {
    for (const stop of stopListening) stop()
    if (outcome === undefined) await lease.release()
  }
}

/** The command's own code, unless it did not have the lock until its end. */
function codeOf(
  printer: Printer,
  name: string,
  end: CommandEnd,
  outcome: ReleaseOutcome,
  lost: string | undefined,
): number {
  const own = end.signal === null ? (end.code ?? exitCodes.failed) : signalExitCode(end.signal)
  if (end.stopped || outcome === 'expired') {
    const why = lost ?? `the lease of "${name}" had ended`
    const what = end.stopped ? 'The command was stopped.' : `The command had ended with ${own}, but without the lock.`
    printer.tell(`${why} ${what}`, {
      event: 'lost',
      name,
      stopped: end.stopped,
      commandExitCode: own,
      exitCode: exitCodes.leaseLost,
    })
    return exitCodes.leaseLost
  }
  if (outcome === 'unknown') {
    printer.tell(`the release of "${name}" was not confirmed; it is free when its lease ends, at the latest`, {
      event: 'releaseUnknown',
      name,
      exitCode: own,
    })
  }
  return own
}

function reasonOf(signal: AbortSignal): string {
  return signal.reason instanceof Error ? signal.reason.message : String(signal.reason)
}
