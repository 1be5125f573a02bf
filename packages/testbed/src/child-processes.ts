/** Real processes that write a history. They are known by their handle only, and none outlives the conductor. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type HistoryEvent, parseEvent } from './history.ts'

/** The end of what a dying process said, for the message. */
const LAST_WORDS_MAX = 2_000

export interface ChildProcess {
  readonly name: string
  /** The exit code, or the signal's name; with what it wrote to standard error. */
  readonly ended: Promise<{ readonly code: number | string; readonly lastWords: string }>
  /** Undefined where it could not be started. */
  readonly pid: number | undefined
  /** Answers one `waitForConductor`. */
  goOn(): void
  /** One line on its standard input. */
  tell(line: string): void
  /** SIGSTOP: not a word to the program, the operating system just does not run it any more. */
  stop(): void
  resume(): void
  kill(): void
}

export type Command = readonly [string, ...string[]]

export class ChildProcesses {
  readonly #members = new Set<ChildProcess>()
  readonly #around: (command: Command) => Command

  /** What is put around the command of each process. */
  constructor(around: (command: Command) => Command = (command) => command) {
    this.#around = around
  }

  start(
    name: string,
    script: URL,
    argument: string,
    onEvent: (event: HistoryEvent, from: ChildProcess) => void,
    environment: Readonly<Record<string, string>> = {},
  ): ChildProcess {
    const [program, ...args] = this.#around([process.execPath, fileURLToPath(script), argument])
    const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] })
    const member = memberOf(name, child)
    this.#members.add(member)
    void member.ended.then(() => this.#members.delete(member))
    createInterface({ input: child.stdout }).on('line', (line) => {
      const event = parseEvent(line)
      if (event !== null) onEvent(event, member)
    })
    return member
  }

  /** SIGKILL ends stopped processes as well. Synchronous, for the last moment of the conductor. */
  killAll(): void {
    for (const member of this.#members) member.kill()
  }
}

function memberOf(name: string, child: ChildProcessByStdio<Writable, Readable, Readable>): ChildProcess {
  let lastWords = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_MAX)
  })
  // A process that died does not read any more; its exit code tells, not the broken pipe.
  child.stdin.on('error', () => {})
  const ended = new Promise<{ code: number | string; lastWords: string }>((resolve) => {
    child.once('error', (error) => resolve({ code: 'not started', lastWords: error.message }))
    child.once('close', (code, signal) => resolve({ code: code ?? signal ?? 'unknown', lastWords }))
  })
  return {
    name,
    ended,
    pid: child.pid,
    goOn: () => void child.stdin.write('.'),
    tell: (line) => void child.stdin.write(`${line}\n`),
    stop: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill: () => void child.kill('SIGKILL'),
  }
}
