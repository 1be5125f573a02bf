/** Locks for a command that a signal may end while it waits: what it waited for is said, and the exit code is that of the signal. */
import type { Duration } from 'holdfast'
import { type Context, type GlobalOptions, type Opened, withLocks } from './context.ts'
import { Failure } from './exit-codes.ts'
import { tellDefault } from './open-notice.ts'
import { SignalDesk, signalExitCode } from './signals.ts'

export interface InterruptibleWait {
  readonly context: Context
  readonly options: GlobalOptions
  readonly openWait: Duration | undefined
  /** Completes "stopped …", such as `waiting for "nightly"`. */
  readonly activity: string
}

export async function withInterruptibleLocks(
  { context, options, openWait, activity }: InterruptibleWait,
  work: (opened: Opened, signals: SignalDesk) => Promise<number>,
): Promise<number> {
  const signals = new SignalDesk()
  const told = async (opened: Opened): Promise<number> => {
    await tellDefault(context, opened)
    return await work(opened, signals)
  }
  try {
    return await withLocks(context, options, told, openWait)
  } catch (error) {
    const signal = signals.interruptedBy
    if (signal === undefined || error !== signal) throw error
    throw new Failure(signalExitCode(signal), `stopped ${activity}: ${signal}`)
  } finally {
    signals.close()
  }
}
