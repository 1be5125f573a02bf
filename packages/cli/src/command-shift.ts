/** A command that a recipe starts when its time has come: the store is open, its ledger is at hand, and signals are heard. */
import { durationMs, type Lease } from 'holdfast'
import type { Ledger } from 'holdfast/cron'
import type { Context, GlobalOptions, Opened } from './context.ts'
import { requireExecutable } from './executable.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { withInterruptibleLocks } from './interruptible-locks.ts'
import { runUnderLease } from './leased-command.ts'
import { openedOrInterrupted } from './open-notice.ts'
import type { SignalDesk } from './signals.ts'
import { ledgerBeside } from './store-ledger.ts'

export interface ShiftRequest {
  readonly name: string
  readonly command: readonly string[] | undefined
  readonly options: GlobalOptions
}

export interface Shift {
  readonly context: Context
  readonly opened: Opened
  readonly command: readonly string[]
  readonly signals: SignalDesk
  /** Absent on a store that keeps none. */
  readonly ledger: { readonly ledger: Ledger } | undefined
}

/** What a command ended with, as a recipe keeps it. */
export class CommandFailed extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super(`exit code ${exitCode}`)
    this.exitCode = exitCode
  }
}

const OPEN_WAIT = '10s'
const DAY_MS = 24 * 60 * 60 * 1_000
/** Enough for a command to end in order. */
const STOP_BEFORE_SHARE = 1 / 3
const STOP_BEFORE_MS_MAX = 2_000

export async function onShift(
  context: Context,
  { command = [], options, name }: ShiftRequest,
  work: (shift: Shift) => Promise<number>,
  keepsLedger = true,
): Promise<number> {
  if (command.length === 0)
    throw new Failure(exitCodes.usage, 'a command is needed after two dashes: … NAME -- COMMAND')
  requireExecutable(command[0] ?? '', context.environment)
  const activity = `waiting for the store of "${name}"`
  return await withInterruptibleLocks({ context, options, openWait: OPEN_WAIT, activity }, async (opened, signals) => {
    await openedOrInterrupted(context.printer, opened.locks, signals.interrupted.signal)
    const ledger = keepsLedger ? await ledgerBeside(opened) : undefined
    try {
      return await work({ context, opened, command, signals, ledger: ledger && { ledger: ledger.ledger } })
    } finally {
      ledger?.close()
    }
  })
}

export interface ShiftRun {
  /** As it was typed. */
  readonly ttl: string
  readonly environment: Readonly<Record<string, string>>
  onSignal?(signal: NodeJS.Signals): void
}

/** Throws `CommandFailed` for every exit code but 0. */
export async function runOnShift(
  lease: Lease & { readonly stopping?: AbortSignal },
  { context, opened, command, signals }: Shift,
  { ttl, ...run }: ShiftRun,
): Promise<void> {
  const stopBeforeMs = stopBeforeOf(ttl)
  const stopping = lease.stopping === undefined ? {} : { stopping: lease.stopping }
  const parts = { context, opened, command, stopBeforeMs, signals, ...stopping }
  const code = await runUnderLease(lease, { ...parts, ...run })
  if (code !== exitCodes.ok) throw new CommandFailed(code)
}

/** How long before the end of its lease a command is told to end. */
export function stopBeforeOf(ttl: string): number {
  const ttlMs = durationMs('--ttl', ttl, { minMs: 1, maxMs: DAY_MS })
  return Math.min(STOP_BEFORE_MS_MAX, Math.floor(ttlMs * STOP_BEFORE_SHARE))
}
