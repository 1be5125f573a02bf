/** What every engine on demand looks like, whatever program it is. One handle is one server process with its own folder. */

/** `stable` is the package of this machine's Debian; `newer` comes from a later suite, into a folder of its own, or from a package of npm. */
export type Release = 'stable' | 'newer'

/** `memory` is /dev/shm where there is one: fast, and as lasting as a disk while the machine runs. */
export type Storage = 'memory' | 'disk'

export type EngineState = 'up' | 'paused' | 'down'

/** What every driver's `start` understands. */
export interface StartOptions {
  /** Default `stable`. */
  readonly release?: Release
  /** Default `memory`. Choose `disk` where the test is about durability or its cost. */
  readonly storage?: Storage
  /** Added to the small environment a server gets, for example a preloaded library. */
  readonly environment?: Readonly<Record<string, string>>
  /** An existing folder for the data instead of one of its own, for example on a disk that can lose its power. */
  readonly folder?: string
  /** Stands before the server's command, for example to put it into a network namespace. */
  readonly within?: readonly string[]
  /** Where it listens, if not on 127.0.0.1: the address of the host that `within` puts it on. */
  readonly address?: string
}

/**
 * One real server on 127.0.0.1. Its port and URL stay the same through restarts. Calls are carried out one after the
 * other; each resolves when its effect is there.
 */
export interface Engine extends AsyncDisposable {
  /** The program and its version, for example `redis 7.0.15`. */
  readonly name: string
  readonly host: string
  readonly port: number
  readonly url: string
  readonly state: EngineState
  /** Undefined while it is down. */
  readonly pid: number | undefined
  /** How long the last start took until the server answered its own protocol. */
  readonly startedInMs: number
  /** Asks the server to end in good order; rejects if it had to be killed. */
  stop(): Promise<void>
  /** SIGKILL: no last write, no goodbye. Written data stays, because the machine does not fail with it. */
  kill(): Promise<void>
  /** Stops it if it is up, then starts it with the data it has. */
  restart(): Promise<void>
  /** SIGSTOP. It is no partition: the kernel goes on accepting connections and bytes for it. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Deletes its data. A running server is killed first and started empty; one that is down stays down. */
  wipe(): Promise<void>
  /** The end of what the server wrote. */
  log(): string
  /** Kills it and deletes its folder. The handle is of no use after that. */
  close(): Promise<void>
}

/** An engine that cannot be had on this machine. The reason is for people: a suite prints it beside what it skips. */
export class EngineNotAvailable extends Error {
  readonly engine: string
  readonly reason: string

  constructor(engine: string, reason: string) {
    super(`${engine} is not available: ${reason}`)
    this.name = 'EngineNotAvailable'
    this.engine = engine
    this.reason = reason
  }
}
