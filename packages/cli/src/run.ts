/** `holdfast run`: waits for the lock, runs a command under it, and sees to it that the command ends before the lease does. */
import { refuseOwnAncestor } from './ancestry.ts'
import { type Context, type Opened, withLocks } from './context.ts'
import { requireExecutable } from './executable.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import type { Grant, GrantEnd } from './grant.ts'
import { granted } from './grant-request.ts'
import { type CommandEnd, GuardedCommand } from './guarded-command.ts'
import { environmentOf } from './lease-environment.ts'
import { openedOrInterrupted, tellDefault } from './open-notice.ts'
import type { Printer } from './printer.ts'
import { type RunCommandOptions, type RunSettings, runSettings } from './run-settings.ts'
import { SignalDesk, signalExitCode } from './signals.ts'
import { inWords } from './text.ts'
import { tellTrouble } from './trouble-notice.ts'

export interface RunRequest {
  /** Absent where --name says it. */
  readonly name: string | undefined
  readonly command: readonly string[]
  readonly options: RunCommandOptions
}

export async function runCommand(context: Context, request: RunRequest): Promise<number> {
  const { name, command, options } = request
  const settings = runSettings(name, options)
  requireExecutable(command[0] ?? '', context.environment)
  const signals = new SignalDesk()
  try {
    const work = async (opened: Opened): Promise<number> => {
      await tellDefault(context, opened)
      const startedMs = performance.now()
      const facts = await openedOrInterrupted(context.printer, opened.locks, signals.interrupted.signal)
      const openMs = performance.now() - startedMs
      if (settings.waitMs !== undefined) await refuseOwnAncestor(opened, settings.names, context.environment)
      const guarded = new GuardedCommand()
      try {
        const { printer } = context
        const wanted = { printer, locks: opened.locks, settings, facts, openMs }
        const grant = await granted(wanted, signals.interrupted.signal)
        return await runUnder(grant, { context, opened, request, settings, guarded, signals })
      } finally {
        await guarded.dismiss()
      }
    }
    return await withLocks(context, options, work, settings.openWaitMs)
  } catch (error) {
    const signal = signals.interruptedBy
    if (signal !== undefined && error === signal)
      throw new Failure(signalExitCode(signal), `stopped waiting for ${inWords(settings.names)}: ${signal}`)
    throw error
  } finally {
    signals.close()
  }
}

interface Run {
  readonly context: Context
  readonly opened: Opened
  readonly request: RunRequest
  readonly settings: RunSettings
  readonly guarded: GuardedCommand
  readonly signals: SignalDesk
}

async function runUnder(grant: Grant, run: Run): Promise<number> {
  const { context, opened, request, settings, guarded, signals } = run
  const { printer } = context
  const stopListening = [
    opened.locks.on('renewed', () => guarded.renewed(grant)),
    tellTrouble(printer, opened.locks, settings.names),
  ]
  let released: GrantEnd | undefined
  try {
    // A signal that came with the grant was meant for the wait.
    signals.interrupted.signal.throwIfAborted()
    signals.handOver((signal) => guarded.forward(signal))
    const { command } = request
    const end = await guarded.run(grant, {
      command,
      stopBeforeMs: settings.stopBeforeMs,
      environment: await environmentOf(grant.leases, opened, context.environment),
    })
    const lost = grant.signal.aborted ? reasonOf(grant.signal) : undefined
    released = await grant.release()
    return codeOf(printer, end, released, lost)
  } finally {
    for (const stop of stopListening) stop()
    if (released === undefined) await grant.release()
  }
}

/** The command's own code, unless it did not have the locks until its end. */
function codeOf(printer: Printer, end: CommandEnd, { name, outcome }: GrantEnd, lost: string | undefined): number {
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
