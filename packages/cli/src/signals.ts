/** Signals to the run belong to the wait first and to the command later; the run itself goes on until it has tidied up. */
import { constants } from 'node:os'

/** What a terminal or a service manager sends to a program it supervises. */
const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const
/** Those that end a program which does not care. */
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'])

export class SignalDesk {
  /** Aborts with the name of the signal that ended the wait. */
  readonly interrupted: AbortController = new AbortController()
  readonly #handlers: ReadonlyMap<NodeJS.Signals, () => void>
  #interruptedBy: NodeJS.Signals | undefined
  #forward: ((signal: NodeJS.Signals) => void) | undefined

  /** `except`: those that mean something else to this command. */
  constructor(except: readonly NodeJS.Signals[] = []) {
    const wanted = forwarded.filter((signal) => !except.includes(signal))
    this.#handlers = new Map(wanted.map((signal) => [signal, () => this.#on(signal)]))
    for (const [signal, handler] of this.#handlers) process.on(signal, handler)
  }

  /** The signal that ended the wait. */
  get interruptedBy(): NodeJS.Signals | undefined {
    return this.#interruptedBy
  }

  /** From here on signals go to the command. */
  handOver(forward: (signal: NodeJS.Signals) => void): void {
    this.#forward = forward
  }

  /** The command has ended: signals belong to the wait again. */
  takeBack(): void {
    this.#forward = undefined
  }

  close(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler)
  }

  #on(signal: NodeJS.Signals): void {
    if (this.#forward !== undefined) this.#forward(signal)
    else if (ending.has(signal)) {
      this.#interruptedBy ??= signal
      this.interrupted.abort(signal)
    }
  }
}

/** The code a shell reports for a program that died of a signal. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}
