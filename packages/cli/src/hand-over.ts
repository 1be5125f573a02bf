/** `holdfast acquire`, `run --adopt` and `release`: a lock over several commands, such as the jobs of a pipeline. */
import { closeSync, fchmodSync, openSync, readFileSync, writeSync } from 'node:fs'
import { adopt, AlreadyAdopted, handOver } from 'holdfast/hand-over'
import type { Lease, Locks } from 'holdfast'
import { CommandFailed, onShift, runOnShift, stopBeforeOf } from './command-shift.ts'
import { type Context, type GlobalOptions, withLocks } from './context.ts'
import { exitCodes, Failure } from './exit-codes.ts'
import { withInterruptibleLocks } from './interruptible-locks.ts'
import { openedOrInterrupted } from './open-notice.ts'

export interface AcquireCommandOptions extends GlobalOptions {
  readonly within: string
  readonly wait: string
  readonly ttl: string
  readonly note?: string
  readonly output?: string
}

export interface ReceiverOptions extends GlobalOptions {
  readonly handoverFile?: string
}

export interface AdoptCommandOptions extends ReceiverOptions {
  readonly ttl: string
  readonly within: string
}

const TEXT_VARIABLE = 'HOLDFAST_HANDOVER'
const STDIN = 0
const FOR_THE_OWNER = 0o600
const OPEN_WAIT = '10s'

export async function acquireCommand(context: Context, name: string, options: AcquireCommandOptions): Promise<number> {
  const { ttl, wait, within, note, output } = options
  // Before the lock is taken: a text that cannot be written would be lost.
  const file = output === undefined ? undefined : openSync(output, 'w', FOR_THE_OWNER)
  if (file !== undefined) fchmodSync(file, FOR_THE_OWNER)
  try {
    const activity = `waiting for "${name}"`
    return await withInterruptibleLocks(
      { context, options, openWait: OPEN_WAIT, activity },
      async ({ locks }, signals) => {
        const { signal } = signals.interrupted
        await openedOrInterrupted(context.printer, locks, signal)
        const lease = await locks.acquire(name, { ttl, wait, signal, ...(note !== undefined && { note }) })
        const { tokenText: token } = lease
        const handover = await handedOver(locks, lease, within)
        if (file !== undefined) writeSync(file, `${handover}\n`)
        else if (options.json === true) context.printer.document({ name, token, handover })
        else context.printer.line(handover)
        return exitCodes.ok
      },
    )
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** A lock that nothing can release would stay taken for so long. */
async function handedOver(locks: Locks, lease: Lease, within: string): Promise<string> {
  try {
    return await handOver(locks, lease, { within })
  } catch (error) {
    await lease.release()
    throw error
  }
}

export async function adoptCommand(
  context: Context,
  request: { readonly name: string; readonly command: readonly string[]; readonly options: AdoptCommandOptions },
): Promise<number> {
  const { name, options } = request
  const { ttl, within } = options
  const text = textFor(context, options)
  return await onShift(
    context,
    request,
    async (shift) => {
      const { locks } = shift.opened
      const lease = await adopted(locks, text, { ttl, stopBefore: stopBeforeOf(ttl) })
      let code: number = exitCodes.ok
      try {
        if (lease.name !== name) throw new Failure(exitCodes.usage, `the lock that was handed over is "${lease.name}"`)
        await runOnShift(lease, shift, { ttl, environment: { [TEXT_VARIABLE]: '' } })
      } catch (error) {
        if (!(error instanceof CommandFailed)) throw error
        code = error.exitCode
      } finally {
        // The next command goes on by the same text.
        await handOver(locks, lease, { within })
      }
      return code
    },
    false,
  )
}

export async function releaseCommand(context: Context, options: ReceiverOptions): Promise<number> {
  const text = textFor(context, options)
  return await withLocks(
    context,
    options,
    async ({ locks }) => {
      const lease = await adopted(locks, text, {})
      const { name, tokenText: token } = lease
      const outcome = await lease.release()
      context.printer.tell(`"${name}" (token ${token}): ${outcome}`, { event: 'released', name, token, outcome })
      return outcome === 'expired' ? exitCodes.leaseLost : exitCodes.ok
    },
    OPEN_WAIT,
  )
}

async function adopted(locks: Locks, text: string, options: { readonly ttl?: string; readonly stopBefore?: number }) {
  try {
    return await adopt(locks, text, options)
  } catch (error) {
    if (error instanceof AlreadyAdopted) throw new Failure(exitCodes.notObtained, error.message)
    throw error
  }
}

function textFor({ environment, printer }: Context, { handoverFile }: ReceiverOptions): string {
  const given = handoverFile === undefined ? environment[TEXT_VARIABLE] : contentOf(handoverFile)
  const text = (given ?? '').trim()
  if (text === '') {
    const words = `the text that acquire printed is needed: ${TEXT_VARIABLE}, or --handover-file PATH (- for stdin)`
    throw new Failure(exitCodes.usage, words)
  }
  printer.secrets.learnBare(text)
  return text
}

function contentOf(path: string): string {
  try {
    return readFileSync(path === '-' ? STDIN : path, 'utf8')
  } catch (error) {
    throw new Failure(
      exitCodes.usage,
      `--handover-file ${path} cannot be read: ${error instanceof Error ? error.message : ''}`,
    )
  }
}
