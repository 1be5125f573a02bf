/** One server process behind the `Engine` handle: start until it answers, every way to hurt it, and its end. */
import type { ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { type Engine, type EngineState, type StartOptions } from './engine.ts'
import { childrenApart, launch, makeFolder, removeFolder, signalServer, stateOf } from './guard.ts'
import { releasePort } from './ports.ts'
import { Hopeless, until } from './until.ts'

const START_LIMIT_MS = 15_000
const STOP_LIMIT_MS = 5_000
/** On a busy machine. */
const PAUSE_LIMIT_MS = 10_000
const SYNC_LIMIT_MS = 20_000
const LOG_MAX = 64 * 1024
const LOG_IN_MESSAGE_MAX = 2_000

export interface ServerSpec extends Pick<StartOptions, 'storage' | 'environment' | 'folder' | 'within' | 'address'> {
  /** The program and its version. */
  readonly name: string
  /** Short and plain, for the folder's name. */
  readonly label: string
  /** Reserved; it is given back when the engine is closed. */
  readonly port: number
  readonly url: string
  /** What an empty data folder needs before the first start, and again after a wipe. */
  fill(dataFolder: string): Promise<void>
  command(dataFolder: string): readonly [string, ...string[]]
  /** Asks it to end in good order. @default 'SIGTERM' */
  readonly stopSignal?: NodeJS.Signals
  /** How long that may take it, on a quiet machine. @default 5 s */
  readonly stopWithinMs?: number
  /** One question in the server's own protocol. False or a rejection: not yet. */
  answers(): Promise<boolean>
}

export async function startServer(spec: ServerSpec): Promise<Engine> {
  const folder = await makeFolder(spec.label, spec.storage ?? 'memory')
  const server = new Server(spec, folder)
  try {
    await server.wipe()
    await server.restart()
    return server
  } catch (error) {
    await server.close()
    throw error
  }
}

class Server implements Engine {
  readonly #spec: ServerSpec
  readonly #folder: string
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()
  #startedInMs = 0
  #paused = false
  #closed = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(spec: ServerSpec, folder: string) {
    this.#spec = spec
    this.#folder = folder
  }

  get name(): string {
    return this.#spec.name
  }

  get host(): string {
    return this.#spec.address ?? '127.0.0.1'
  }

  get port(): number {
    return this.#spec.port
  }

  get url(): string {
    return this.#spec.url
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get startedInMs(): number {
    return this.#startedInMs
  }

  get state(): EngineState {
    if (this.#child === undefined) return 'down'
    return this.#paused ? 'paused' : 'up'
  }

  stop(): Promise<void> {
    return this.#inTurn(() => this.#stop())
  }

  kill(): Promise<void> {
    return this.#inTurn(() => this.#kill())
  }

  restart(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#stop()
      await this.#start()
    })
  }

  pause(): Promise<void> {
    return this.#inTurn(async () => {
      const child = this.#running('pause')
      signalServer(child, 'SIGSTOP')
      this.#paused = true
      // The kernel stops it at its next chance, not at our call.
      if (process.platform === 'linux') await this.#untilState((state) => state === 'T', 'the pause')
    })
  }

  resume(): Promise<void> {
    return this.#inTurn(async () => {
      signalServer(this.#running('resume'), 'SIGCONT')
      this.#paused = false
      if (process.platform === 'linux') await this.#untilState((state) => state !== 'T', 'the resume')
    })
  }

  wipe(): Promise<void> {
    return this.#inTurn(async () => {
      const wasUp = this.#child !== undefined
      await this.#kill()
      await rm(this.#dataFolder, { recursive: true, force: true, maxRetries: 5 })
      await mkdir(this.#dataFolder)
      await this.#spec.fill(this.#dataFolder)
      // A server that was set up a moment ago is not what a power cut is to take away.
      if (this.#spec.folder !== undefined) await run('sync', ['-f', this.#dataFolder], { withinMs: SYNC_LIMIT_MS })
      if (wasUp) await this.#start()
    })
  }

  log(): string {
    try {
      return readFileSync(this.#logFile, 'utf8').slice(-LOG_MAX)
    } catch {
      return ''
    }
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#kill()
      if (this.#closed) return
      this.#closed = true
      try {
        removeFolder(this.#folder)
      } finally {
        releasePort(this.port)
      }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  get #dataFolder(): string {
    // Several servers may share one disk.
    return this.#spec.folder === undefined ? join(this.#folder, 'data') : join(this.#spec.folder, `data-${this.port}`)
  }

  get #logFile(): string {
    return join(this.#folder, 'server.log')
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#last.then(action)
    this.#last = result.catch(() => {})
    return result
  }

  async #start(): Promise<void> {
    if (this.#closed) throw new Error(`${this.name} is closed`)
    const startedMs = performance.now()
    const output = openSync(this.#logFile, 'a')
    try {
      this.#adopt(
        launch({
          command: behind(this.#spec.within, this.#spec.command(this.#dataFolder)),
          cwd: this.#folder,
          environment: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', ...this.#spec.environment },
          output,
        }),
      )
    } finally {
      closeSync(output)
    }
    const details = (): string => `; the end of its log:\n${this.log().slice(-LOG_IN_MESSAGE_MAX)}`
    try {
      await until(
        () => {
          if (this.#child === undefined) throw new Hopeless(`${this.name} ended while it started${details()}`)
          return this.#spec.answers()
        },
        { withinMs: START_LIMIT_MS, what: `the first answer of ${this.name}`, details },
      )
    } catch (error) {
      await this.#kill()
      throw error
    }
    this.#startedInMs = Math.round(performance.now() - startedMs)
  }

  #adopt(child: ChildProcess): void {
    const exit = Promise.withResolvers<void>()
    const gone = (): void => {
      this.#child = undefined
      this.#paused = false
      exit.resolve()
    }
    child.once('exit', gone)
    child.once('error', gone)
    this.#child = child
    this.#exited = exit.promise
  }

  async #kill(): Promise<void> {
    const child = this.#child
    const apart = child?.pid === undefined ? [] : childrenApart(child.pid)
    if (child !== undefined) signalServer(child, 'SIGKILL')
    await this.#exited
    // The next start may be refused as long as one of them uses what they share.
    const areGone = (): boolean => apart.every((pid) => [undefined, 'Z'].includes(stateOf(pid)))
    if (!areGone()) await until(areGone, { withinMs: STOP_LIMIT_MS, everyMs: 2, what: `the end of ${this.name}` })
  }

  async #stop(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    // To the first process only: what a server does with its own children is a part of good order.
    child.kill(this.#spec.stopSignal ?? 'SIGTERM')
    signalServer(child, 'SIGCONT')
    let tooLate = false
    const limitMs = this.#spec.stopWithinMs ?? STOP_LIMIT_MS
    const timer = setTimeout(() => {
      tooLate = true
      signalServer(child, 'SIGKILL')
    }, limitMs)
    await this.#exited
    clearTimeout(timer)
    if (tooLate) throw new Error(`${this.name} did not stop within ${limitMs} ms and was killed`)
  }

  #running(action: string): ChildProcess {
    if (this.#child === undefined) throw new Error(`cannot ${action} ${this.name}: it is down`)
    return this.#child
  }

  #untilState(reached: (state: string | undefined) => boolean, what: string): Promise<void> {
    return until(() => this.pid !== undefined && reached(stateOf(this.pid)), {
      withinMs: PAUSE_LIMIT_MS,
      everyMs: 1,
      what: `${what} of ${this.name}`,
    })
  }
}

function behind(
  words: readonly string[] = [],
  [program, ...args]: readonly [string, ...string[]],
): readonly [string, ...string[]] {
  const [first, ...rest] = words
  return first === undefined ? [program, ...args] : [first, ...rest, program, ...args]
}
