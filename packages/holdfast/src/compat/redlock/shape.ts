/** The words of `redlock` 5 that programs use beside its class: settings, errors, votes, the signal. */

/** A client of ioredis, or of any other driver that `holdfast/redis` takes. `quit` is called by `Redlock.quit`. */
export interface RedlockClient {
  quit?(): Promise<unknown>
}

/** The settings of redlock 5. Those that have no meaning here are accepted, so that nothing has to be rewritten. */
export interface RedlockSettings {
  /** Not used: a lease counts from before the request, with a margin of 1 %. */
  readonly driftFactor: number
  /** With the delay and the jitter, how long `acquire` waits: 0 asks once, -1 waits for a day. @default 10 */
  readonly retryCount: number
  /** Milliseconds. Nobody polls here: it only says how long to wait. @default 200 */
  readonly retryDelay: number
  /** Milliseconds. @default 100 */
  readonly retryJitter: number
  /** Not used: a lease is renewed at a third of its life. */
  readonly automaticExtensionThreshold: number
}

export const DEFAULTS: RedlockSettings = {
  driftFactor: 0.01,
  retryCount: 10,
  retryDelay: 200,
  retryJitter: 100,
  automaticExtensionThreshold: 500,
}

/** What was voted in one attempt, as far as anybody looks at it: everybody against, with the reason. */
export interface ExecutionStats {
  readonly membershipSize: number
  readonly quorumSize: number
  readonly votesFor: ReadonlySet<RedlockClient>
  readonly votesAgainst: ReadonlyMap<RedlockClient, Error>
}

/** Somebody else holds the resource. */
export class ResourceLockedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ResourceLockedError'
  }
}

/** The lock was not obtained, or is not held any more. `cause` is the error of Holdfast, which says why. */
export class ExecutionError extends Error {
  /** One entry, whose votes carry the reason: waiting is one request here, not a row of them. */
  readonly attempts: readonly Promise<ExecutionStats>[]

  constructor(message: string, attempts: readonly Promise<ExecutionStats>[], options?: ErrorOptions) {
    super(message, options)
    this.name = 'ExecutionError'
    this.attempts = attempts
  }
}

export type RedlockAbortSignal = AbortSignal & { error?: Error }

export type Routine<T> = (signal: RedlockAbortSignal) => T | PromiseLike<T>
