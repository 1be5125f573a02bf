/** The words of `redlock` 5 that programs use beside its class: settings, errors, votes, the signal. */

/** A client of ioredis, or of any other driver that `holdfast/redis` takes. `quit` is called by `Redlock.quit`. */
export interface RedlockClient {
  quit?(): Promise<unknown>
}

/** The settings of redlock 5. Those that have no meaning here are accepted, so that nothing has to be rewritten. */
export interface RedlockSettings {
  /** Share of the duration that `expiration` comes earlier, and 2 ms more. @default 0.01 */
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

const DEFAULTS: RedlockSettings = {
  driftFactor: 0.01,
  retryCount: 10,
  retryDelay: 200,
  retryJitter: 100,
  automaticExtensionThreshold: 500,
}

/** What is given, and where that is no number, what was there before: `{ retryCount: config.retries }` may be undefined. */
export function settingsOver(
  given: Partial<RedlockSettings> | undefined,
  before: RedlockSettings = DEFAULTS,
): RedlockSettings {
  const pick = (name: keyof RedlockSettings): number => {
    const value: unknown = given?.[name]
    return typeof value === 'number' && !Number.isNaN(value) ? value : before[name]
  }
  return {
    driftFactor: pick('driftFactor'),
    retryCount: pick('retryCount'),
    retryDelay: pick('retryDelay'),
    retryJitter: pick('retryJitter'),
    automaticExtensionThreshold: pick('automaticExtensionThreshold'),
  }
}

/**
 * What was voted in one attempt. The store counts the votes by itself, so that all clients are on one side here: for what
 * was done, or against it with the reason.
 */
export interface ExecutionStats {
  readonly membershipSize: number
  readonly quorumSize: number
  readonly votesFor: Set<RedlockClient>
  readonly votesAgainst: Map<RedlockClient, Error>
}

/** What a release returns. */
export interface ExecutionResult {
  /** One entry. */
  readonly attempts: readonly Promise<ExecutionStats>[]
  /** Milliseconds since 1970. */
  readonly start: number
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
  /**
   * As many entries as redlock makes tries, at most 1,000, and one with a `retryCount` of -1. All are the same, because
   * waiting is one request here.
   */
  readonly attempts: readonly Promise<ExecutionStats>[]

  constructor(message: string, attempts: readonly Promise<ExecutionStats>[], options?: ErrorOptions) {
    super(message, options)
    this.name = 'ExecutionError'
    this.attempts = attempts
  }
}

export type RedlockAbortSignal = AbortSignal & { error?: Error }

export type Routine<T> = (signal: RedlockAbortSignal) => T | PromiseLike<T>

/** The custom scripts of redlock, none of which may be given: locks are taken by scripts of our own. */
export interface NoScripts {
  readonly acquireScript?: undefined
  readonly extendScript?: undefined
  readonly releaseScript?: undefined
}
