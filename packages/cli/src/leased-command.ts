/** A command under a lease that a recipe took: under the guardian of `run`, and with its signals. */
import type { Lease } from 'holdfast'
import type { Context, Opened } from './context.ts'
import { GuardedCommand } from './guarded-command.ts'
import { environmentOf } from './lease-environment.ts'
import { type SignalDesk, signalExitCode } from './signals.ts'
import { exitCodes } from './exit-codes.ts'
import { tellTrouble } from './trouble-notice.ts'

export interface LeasedCommand {
  readonly context: Context
  readonly opened: Opened
  readonly command: readonly string[]
  readonly stopBeforeMs: number
  readonly signals: Pick<SignalDesk, 'handOver' | 'takeBack'>
  /** What the command finds besides. @default nothing */
  readonly environment?: Readonly<Record<string, string>>
  /** Sends TERM. @default none */
  readonly stopping?: AbortSignal
  /** A signal that goes to the command. */
  onSignal?(signal: NodeJS.Signals): void
}

/** The exit code of the command, 128 and the signal that ended it. */
export async function runUnderLease(lease: Lease, plan: LeasedCommand): Promise<number> {
  const { context, opened, command, stopBeforeMs, signals, stopping } = plan
  const guarded = new GuardedCommand()
  const onStopping = (): void => guarded.forward('SIGTERM')
  const stopListening = [
    opened.locks.on('renewed', () => guarded.renewed(lease)),
    tellTrouble(context.printer, opened.locks, [lease.name]),
  ]
  try {
    signals.handOver((signal) => {
      guarded.forward(signal)
      plan.onSignal?.(signal)
    })
    stopping?.addEventListener('abort', onStopping, { once: true })
    const environment = { ...(await environmentOf([lease], opened, context.environment)), ...plan.environment }
    const end = await guarded.run(lease, { command, stopBeforeMs, environment })
    return end.signal === null ? (end.code ?? exitCodes.failed) : signalExitCode(end.signal)
  } finally {
    signals.takeBack()
    stopping?.removeEventListener('abort', onStopping)
    for (const stop of stopListening) stop()
    await guarded.dismiss()
  }
}
