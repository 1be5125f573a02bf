/**
 * The run's side of a guarded command: starts the guardian early, hands it the command and every new deadline, and
 * takes its place as the one who kills when the guardian itself is dead or suspended.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { extname, join } from 'node:path'
import { exitCodes, Failure } from './exit-codes.ts'
import type { Tenancy } from './grant.ts'
import { type Order, type Report, sharedDeadline } from './guardian-protocol.ts'
import { type ProcessGroup, signalGroup } from './process-group.ts'

/** How a command ended. `stopped`: not by itself, but because its lease was lost. */
export type CommandEnd = Omit<Extract<Report, { kind: 'ended' }>, 'kind'>

export interface CommandPlan {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly stopBeforeMs: number
}

/** Beside this file, compiled or not. */
const GUARDIAN = join(import.meta.dirname, `guardian${extname(import.meta.filename)}`)
/** A guardian that does not report for this long after the deadline is suspended, and is not waited for. */
const SILENCE_MS_MAX = 1_000

/** What is left of the lease when the run kills in the guardian's place, which should have done so before. */
const SPARE_SHARE = 1 / 10

export class GuardedCommand {
  readonly #guardian: ChildProcess
  readonly #gone: Promise<void>
  readonly #ended: Promise<CommandEnd>
  #resolve: (end: CommandEnd) => void = () => undefined
  #reject: (error: Failure) => void = () => undefined
  #group: ProcessGroup | undefined

  /** Starts the guardian; done while the lock is still being waited for. */
  constructor() {
    this.#guardian = spawn(process.execPath, [GUARDIAN], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      detached: true,
    })
    this.#ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Looked at by `run` only; a guardian that fails before that must not count as unhandled.
    this.#ended.catch(() => undefined)
    // Its exit alone is too early: what it reported last may still be on its way.
    this.#gone = Promise.all([once(this.#guardian, 'exit'), once(this.#guardian, 'disconnect')]).then(
      () => this.#onGuardianGone(),
      () => this.#onGuardianGone(),
    )
    this.#guardian.on('message', (report: Report) => this.#onReport(report))
  }

  /** Runs the command under the lease; resolves once nothing of its group can run any more. */
  async run(lease: Tenancy, plan: CommandPlan): Promise<CommandEnd> {
    let silence: NodeJS.Timeout | undefined
    const onLoss = (): void => {
      this.#tell({ kind: 'stop' })
      const graceMs = lease.isHeld() ? lease.remainingMs * (1 - SPARE_SHARE) : plan.stopBeforeMs
      silence = setTimeout(() => this.#killUnreported(), graceMs)
    }
    this.#tell({ kind: 'start', ...plan, deadline: sharedDeadline(lease.remainingMs) })
    lease.signal.addEventListener('abort', onLoss, { once: true })
    if (lease.signal.aborted) onLoss()
    try {
      return await this.#ended
    } finally {
      lease.signal.removeEventListener('abort', onLoss)
      clearTimeout(silence)
    }
  }

  /** To be called after each renewal. */
  renewed(lease: Tenancy): void {
    if (lease.isHeld()) this.#tell({ kind: 'deadline', deadline: sharedDeadline(lease.remainingMs) })
  }

  /** To the whole process group of the command. */
  forward(signal: NodeJS.Signals): void {
    this.#tell({ kind: 'signal', signal })
  }

  /** Ends the guardian and waits for it, at most a moment: it may be suspended. */
  async dismiss(): Promise<void> {
    if (this.#guardian.connected) this.#guardian.disconnect()
    const patience = setTimeout(() => this.#guardian.kill('SIGKILL'), SILENCE_MS_MAX)
    await this.#gone
    clearTimeout(patience)
  }

  #onReport(report: Report): void {
    if (report.kind === 'started') this.#group = report.group
    else if (report.kind === 'ended')
      this.#resolve({ code: report.code, signal: report.signal, stopped: report.stopped })
    else this.#reject(startFailure(report))
  }

  #onGuardianGone(): void {
    if (this.#group !== undefined) signalGroup(this.#group, 'SIGKILL')
    this.#reject(
      new Failure(exitCodes.failed, 'the guardian process ended before the command did; the command was killed'),
    )
  }

  #killUnreported(): void {
    if (this.#group !== undefined) signalGroup(this.#group, 'SIGKILL')
    setTimeout(() => this.#resolve({ code: null, signal: 'SIGKILL', stopped: true }), SILENCE_MS_MAX).unref()
  }

  #tell(order: Order): void {
    // A channel that broke is noticed as the guardian's end.
    if (this.#guardian.connected) this.#guardian.send(order, () => undefined)
  }
}

function startFailure({ code, message }: Extract<Report, { kind: 'failed' }>): Failure {
  if (code === 'ENOENT')
    return new Failure(exitCodes.notFound, 'the command, or the working directory, does not exist any more')
  if (code === 'EACCES' || code === 'ENOEXEC' || code === 'EPERM')
    return new Failure(exitCodes.notExecutable, `the command cannot be executed: ${message}`)
  return new Failure(exitCodes.failed, `the command cannot be started: ${message}`)
}
