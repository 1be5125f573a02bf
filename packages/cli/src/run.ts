/** `holdfast run`: waits for the lock, runs a command under it, and sees to it that the command ends before the lease does. */
import type { Context } from './context.ts'
import { requireExecutable } from './executable.ts'
import { exitCodes } from './exit-codes.ts'
import type { Grant, GrantEnd } from './grant.ts'
import { granted, type GrantRequest, withGrantRequest } from './grant-request.ts'
import { type CommandEnd, GuardedCommand } from './guarded-command.ts'
import { environmentOf } from './lease-environment.ts'
import type { Printer } from './printer.ts'
import { type RunCommandOptions, runSettings } from './run-settings.ts'
import { signalExitCode } from './signals.ts'
import { tellTrouble, tellUnconfirmed } from './trouble-notice.ts'

export interface RunRequest {
  /** Absent where --name says it. */
  readonly name: string | undefined
  readonly command: readonly string[]
  readonly options: RunCommandOptions
}

export async function runCommand(context: Context, { name, command, options }: RunRequest): Promise<number> {
  const settings = runSettings(name, options)
  requireExecutable(command[0] ?? '', context.environment)
  return await withGrantRequest(context, options, settings, async (request) => {
    const guarded = new GuardedCommand()
    try {
      return await runUnder(await granted(request), { ...request, command, guarded })
    } finally {
      await guarded.dismiss()
    }
  })
}

interface Run extends GrantRequest {
  readonly command: readonly string[]
  readonly guarded: GuardedCommand
}

async function runUnder(grant: Grant, run: Run): Promise<number> {
  const { context, opened, command, settings, guarded, signals } = run
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
    const { stopBeforeMs } = settings
    const environment = await environmentOf(grant.leases, opened, context.environment)
    const end = await guarded.run(grant, { command, stopBeforeMs, environment })
    const lost = grant.lossInWords
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
  if (outcome === 'unknown') tellUnconfirmed(printer, name, own)
  return own
}
