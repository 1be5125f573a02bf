/** `holdfast slot`: a command with a number of its own. */
import { durationMs } from 'holdfast'
import { slots } from 'holdfast/slots'
import { CommandFailed, onShift, runOnShift, type ShiftRequest, stopBeforeOf } from './command-shift.ts'
import type { Context, GlobalOptions } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'

export interface SlotCommandOptions extends GlobalOptions {
  readonly count?: string
  readonly prefer?: string
  readonly wait: string
  readonly ttl: string
  readonly lockDelay: string
}

const DAY_MS = 24 * 60 * 60 * 1_000

export async function slotCommand(
  context: Context,
  request: ShiftRequest & { readonly options: SlotCommandOptions },
): Promise<number> {
  const { name, options } = request
  const count = wholeNumber('--count', options.count)
  if (count === undefined) throw new Failure(exitCodes.usage, '--count is needed: how many places there are')
  const prefer = wholeNumber('--prefer', options.prefer)
  const settings = {
    wait: limited('--wait', options.wait, 0),
    ttl: limited('--ttl', options.ttl, 100),
    lockDelay: limited('--lock-delay', options.lockDelay, 0),
    ...(prefer !== undefined && { prefer }),
  }
  const work = async (shift: Parameters<typeof runOnShift>[1]): Promise<number> => {
    const { unsupported } = await shift.opened.locks.open()
    // For so long the command of a lost number is being stopped, and its number must not be another one's meanwhile.
    const lockDelay = Math.max(settings.lockDelay, unsupported.lockDelay === undefined ? stopBeforeOf(options.ttl) : 0)
    const acquire = { ...settings, lockDelay, signal: shift.signals.interrupted.signal }
    try {
      await slots(shift.opened.locks, name, { count }).using(acquire, (slot) =>
        runOnShift(slot, shift, { ttl: options.ttl, environment: { HOLDFAST_SLOT: String(slot.slot) } }),
      )
      return exitCodes.ok
    } catch (error) {
      if (error instanceof CommandFailed) return error.exitCode
      throw error
    }
  }
  return await onShift(context, request, work, false)
}

function limited(option: string, value: string, minMs: number): number {
  return durationMs(option, value, { minMs, maxMs: DAY_MS })
}

function wholeNumber(option: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (/^\d{1,4}$/.test(value)) return Number(value)
  throw new Failure(exitCodes.usage, `${option} must be a whole number, got ${JSON.stringify(value)}`)
}
