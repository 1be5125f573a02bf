/** `holdfast once`: a command once for each key, to its success. */
import { durationMs } from 'holdfast'
import { Interrupted, once, type Once } from 'holdfast/once'
import { CommandFailed, onShift, runOnShift, type ShiftRequest } from './command-shift.ts'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { requireLedger } from './store-ledger.ts'

export interface OnceCommandOptions extends GlobalOptions {
  readonly interrupted?: string
  readonly keep: string
  readonly ttl: string
  readonly settle?: string
}

export interface OnceRequest extends ShiftRequest {
  readonly options: OnceCommandOptions
}

/** The locks are `once:command:KEY`. */
const NAME = 'command'
const DAY_MS = 24 * 60 * 60 * 1_000
const YEAR_MS = 365 * DAY_MS
const POLICY_NEEDED =
  '--interrupted is needed: run-again where the command may be repeated after a crash, refuse where it may not'

export async function onceCommand(context: Context, request: OnceRequest): Promise<number> {
  const { name: key, options } = request
  if (options.settle !== undefined) return await settle(context, key, options, options.settle)
  const { interrupted } = options
  if (interrupted !== 'run-again' && interrupted !== 'refuse') throw new Failure(exitCodes.usage, POLICY_NEEDED)
  return await onShift(context, request, async (shift) => {
    const found = shift.ledger ?? (await requireLedger(shift.opened))
    const work = once(shift.opened.locks, NAME, { ...timesOf(options), ...found, interrupted })
    const { signal } = shift.signals.interrupted
    try {
      await work.run(key, { signal }, (attempt) =>
        runOnShift(attempt, shift, { ttl: options.ttl, environment: { HOLDFAST_ATTEMPT: String(attempt.attempt) } }),
      )
      return exitCodes.ok
    } catch (error) {
      if (error instanceof CommandFailed) return error.exitCode
      if (!(error instanceof Interrupted)) throw error
      const way = `look what it did, then: holdfast once ${key} --settle done, or --settle nothing-happened`
      const begun = `"${key}" was begun at ${error.since.toISOString()} by ${error.by} and never finished`
      throw new Failure(exitCodes.failed, `${begun}: ${way}`)
    }
  })
}

async function settle(context: Context, key: string, options: OnceCommandOptions, outcome: string): Promise<number> {
  if (outcome !== 'done' && outcome !== 'nothing-happened') {
    throw new Failure(exitCodes.usage, `--settle must be done or nothing-happened; got ${JSON.stringify(outcome)}`)
  }
  return await withLocks(context, options, async (opened) => {
    await opened.locks.open()
    const { ledger, close } = await requireLedger(opened)
    try {
      const work: Once = once(opened.locks, NAME, { ...timesOf(options), ledger, interrupted: 'refuse' })
      const settled = await work.settle(key, outcome === 'done' ? { returned: undefined } : outcome)
      if (settled === 'settled') return exitCodes.ok
      throw new Failure(exitCodes.failed, `"${key}" is not interrupted: there is nothing to settle`)
    } finally {
      close()
    }
  })
}

function timesOf({ keep, ttl }: OnceCommandOptions) {
  return {
    keep: durationMs('--keep', keep, { minMs: 60_000, maxMs: YEAR_MS }),
    ttl: durationMs('--ttl', ttl, { minMs: 100, maxMs: DAY_MS }),
  }
}
