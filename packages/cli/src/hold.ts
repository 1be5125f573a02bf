/** `holdfast hold`: a lock for the lines of a script, held by a process of its own until the script has done with it. */
import { fstatSync } from 'node:fs'
import type { Context } from './context.ts'
import { exitCodes } from './exit-codes.ts'
import type { Grant, GrantEnd } from './grant.ts'
import { granted, type GrantRequest, withGrantRequest } from './grant-request.ts'
import { ReadyFile } from './ready-file.ts'
import { type RunCommandOptions, runSettings } from './run-settings.ts'
import { tellTrouble, tellUnconfirmed } from './trouble-notice.ts'

export interface HoldCommandOptions extends RunCommandOptions {
  readonly readyFile?: string
}

/** A process is not told of the end of its parent; it finds that it has another one. */
const PARENT_LOOK_MS = 200
const STDIN = 0
/** Asked before the wait for the lock: the script may end during it. */
const PARENT = process.ppid

export async function holdCommand(
  context: Context,
  name: string | undefined,
  options: HoldCommandOptions,
): Promise<number> {
  const settings = runSettings(name, options)
  // Before the lock is taken: a file that cannot be written would leave the script waiting for it.
  const ready = options.readyFile === undefined ? undefined : new ReadyFile(options.readyFile)
  try {
    return await withGrantRequest(context, options, settings, async (request) => {
      const grant = await granted(request)
      return await hold(grant, request, (lines) => {
        ready?.write(lines)
        if (options.json !== true) context.printer.line(lines.join('\n'))
        else for (const document of documentsOf(grant)) context.printer.document(document)
      })
    })
  } finally {
    ready?.remove()
  }
}

async function hold(
  grant: Grant,
  { context, opened, settings, signals }: GrantRequest,
  announce: (lines: readonly string[]) => void,
): Promise<number> {
  const { printer } = context
  const stopListening = tellTrouble(printer, opened.locks, settings.names)
  let released: GrantEnd | undefined
  try {
    signals.interrupted.signal.throwIfAborted()
    const end = new ScriptEnd(printer.streams.stdin)
    signals.handOver((signal) => end.onSignal(signal))
    announce(grant.leases.map(({ tokenText, sequencer }) => `${tokenText} ${sequencer}`))
    await end.orAborted(grant.signal)
    const lost = grant.lossInWords
    released = await grant.release()
    const { name, outcome } = released
    if (lost !== undefined || outcome === 'expired') {
      const message = lost ?? `the lease of "${name}" had ended`
      printer.tell(message, { event: 'lost', name, stopped: false, exitCode: exitCodes.leaseLost })
      return exitCodes.leaseLost
    }
    if (outcome === 'unknown') tellUnconfirmed(printer, name, exitCodes.ok)
    return exitCodes.ok
  } finally {
    stopListening()
    if (released === undefined) await grant.release()
  }
}

function documentsOf({ leases }: Grant): readonly object[] {
  return leases.map(({ namespace, name, tokenText: token, sequencer }) => ({ namespace, name, token, sequencer }))
}

/** What says that the script has done: TERM, its end, or the end of a pipe that it keeps open. */
class ScriptEnd {
  readonly #stdin: NodeJS.ReadStream
  readonly #end = Promise.withResolvers<void>()

  constructor(stdin: NodeJS.ReadStream) {
    this.#stdin = stdin
  }

  /**
   * What a terminal sends goes to the script as well, which may clean up under the lock before it ends: at a prompt alone
   * there is no script.
   */
  onSignal(signal: NodeJS.Signals): void {
    const isForAll = signal === 'SIGINT' || signal === 'SIGQUIT' || signal === 'SIGHUP'
    if (signal === 'SIGTERM' || (isForAll && this.#stdin.isTTY)) this.#end.resolve()
  }

  async orAborted(lost: AbortSignal): Promise<void> {
    const onEnd = (): void => this.#end.resolve()
    const timer = setInterval(() => {
      if (process.ppid !== PARENT) onEnd()
    }, PARENT_LOOK_MS)
    lost.addEventListener('abort', onEnd, { once: true })
    if (lost.aborted) onEnd()
    if (isPipe(STDIN)) this.#stdin.once('end', onEnd).once('error', onEnd).resume()
    try {
      await this.#end.promise
    } finally {
      clearInterval(timer)
      lost.removeEventListener('abort', onEnd)
      this.#stdin.off('end', onEnd).pause()
    }
  }
}

/** A shell gives /dev/null to what it starts in the background, and the end of that says nothing. */
function isPipe(descriptor: number): boolean {
  try {
    const stats = fstatSync(descriptor)
    return stats.isFIFO() || stats.isSocket()
  } catch {
    return false
  }
}
