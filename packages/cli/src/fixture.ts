/** For tests: runs the built command in real processes over a lock file of their own, and leaves none of them behind. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { documentComplaints } from './documents.fixture.ts'
import type { DoctorDocument } from './doctor-report.ts'
import { main } from './main.ts'
import type { Streams } from './printer.ts'

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url))
/** Generous: it only decides how long a failing test takes. */
const PATIENCE_MS = 15_000
const LOOK_MS = 15

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export type Talked = Omit<Ended, 'signal'>

/** What the tests read of the documents that `ls --json` and `inspect --json` print. */
export interface LineSeen {
  readonly name: string
  readonly lastToken: string
  readonly claims: readonly { readonly state: string; readonly token: string | null }[]
}

export type Doctored = Pick<DoctorDocument, 'findings' | 'facts'> & { readonly code: number | null }

/** By check. */
export function levelsOf({ findings }: Pick<DoctorDocument, 'findings'>): Readonly<Record<string, string>> {
  return Object.fromEntries(findings.map(({ check, level }) => [check, level]))
}

/** Each line of a text as a JSON document; throws when one is none. */
export function documentsIn(text: string): readonly unknown[] {
  const lines = text.trimEnd().split('\n')
  return lines.map((line): unknown => JSON.parse(line))
}

export class Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''

  /** `args`: those of the command, if it is one; what it prints as documents has to be as their schema says. */
  constructor(child: ChildProcess, args: readonly string[] = []) {
    this.process = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = new Promise((resolve, reject) => {
      child.once('close', (code, signal) => {
        const [complaint] = documentComplaints(args, this)
        if (complaint === undefined) resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
        else reject(new Error(complaint))
      })
    })
    // Not every test waits for it.
    this.ended.catch(() => undefined)
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  kill(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  /** Resolves with the output once it matches. */
  async says(pattern: RegExp): Promise<RegExpMatchArray> {
    await until(
      `${pattern} in the output`,
      () => pattern.test(this.stdout + this.stderr),
      () => this.stdout + this.stderr,
    )
    return (this.stdout + this.stderr).match(pattern)!
  }
}

/** A folder with a lock file, and every run that was started over it. */
export class Sandbox {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'holdfast-cli-'))
  readonly #running: Running[] = []

  get store(): string {
    return `sqlite:${join(this.folder, 'locks.db')}`
  }

  /** What a command of this sandbox finds. */
  get environment(): Readonly<Record<string, string | undefined>> {
    return {
      PATH: process.env['PATH'],
      HOME: this.folder,
      HOLDFAST_STORE: this.store,
      CLI: `${process.execPath} ${bin}`,
    }
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  read(name: string): string {
    try {
      return readFileSync(this.path(name), 'utf8')
    } catch {
      return ''
    }
  }

  start(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...this.environment, ...environment },
    })
    const running = new Running(child, args)
    this.#running.push(running)
    return running
  }

  /** On a pseudo terminal, with a keyboard: what is written to `stdin` is pressed. */
  startOnTerminal(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
    const words = [process.execPath, bin, ...args].map((word) => `'${word}'`).join(' ')
    const child = spawn('script', ['-qefc', `stty cols 100 rows 30; exec ${words}`, '/dev/null'], {
      cwd: this.folder,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...this.environment, TERM: 'xterm-256color', ...environment },
    })
    const running = new Running(child)
    this.#running.push(running)
    return running
  }

  run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.start(args, environment).ended
  }

  /** A call in this process, with a person at the terminal who answers each question when it is asked. */
  async talk(
    args: readonly string[],
    answers: readonly (readonly [question: RegExp, answer: string])[],
    environment: NodeJS.ProcessEnv = { HOLDFAST_STORE: this.store },
  ): Promise<Talked> {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
    for (const stream of [stdin, stderr]) Object.assign(stream, { isTTY: true })
    const left = [...answers]
    let [printed, said] = ['', '']
    stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
    stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (left[0]?.[0].test(stripVTControlCharacters(said)) === true) stdin.write(`${left.shift()?.[1]}\n`)
    })
    const streams = { stdin, stdout, stderr } as unknown as Streams
    const code = await main({ args, environment, streams })
    return { code, stdout: printed, stderr: said }
  }

  /** The document of `inspect --json`. */
  async inspect(name: string): Promise<LineSeen> {
    const { stdout } = await this.run(['inspect', name, '--json'])
    return JSON.parse(stdout) as LineSeen
  }

  /** What `doctor --facts-only --json` finds. */
  async doctor(url: string): Promise<Doctored> {
    const { code, stdout } = await this.run(['doctor', '--facts-only', '--json'], { HOLDFAST_STORE: url })
    return { code, ...(JSON.parse(stdout) as DoctorDocument) }
  }

  /** Kills what a failed test left, and waits for it. */
  async close(): Promise<void> {
    for (const running of this.#running) {
      running.kill('SIGCONT')
      running.kill('SIGKILL')
      // A command that was not killed would keep the pipes open.
      running.process.stdout?.destroy()
      running.process.stderr?.destroy()
    }
    await Promise.allSettled(this.#running.map((running) => running.ended))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Waits for something that another process does and does not announce. */
export async function until(what: string, isTrue: () => boolean, seen: () => string = () => ''): Promise<void> {
  const endsAtMs = performance.now() + PATIENCE_MS
  while (!isTrue()) {
    if (performance.now() > endsAtMs) throw new Error(`not within ${PATIENCE_MS} ms: ${what}\n${seen()}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** Whether a process can still run. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

/** The processes that a process started. */
export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ').filter(Boolean).map(Number)
}
