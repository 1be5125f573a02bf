/**
 * The few errors a caller can meet. Each has a stable `code`, names the resource where there is one, and says the way
 * out. Being busy is not an error: the `try…` forms answer null.
 */

/** Every code, with what it means; the table in docs/errors.md is made from this object. */
export const errorCodes = {
  WAIT_TIMEOUT: 'The lock did not become free within the wait.',
  LEASE_LOST: 'The lease ended before the work did: it expired, was evicted, or the store lost it.',
  STALE_TOKEN: 'The resource has seen a newer token: somebody else holds the lock by now.',
  OUTCOME_UNKNOWN: 'No answer came in time: the request may or may not have been carried out.',
  STORE_UNAVAILABLE: 'The store cannot be reached or cannot work.',
  MISUSE: 'The call itself is wrong; nothing was sent.',
  UNSUPPORTED: 'This store cannot promise what was asked for.',
  NOT_APPLIED: 'The store surely did nothing and may be asked again. Core retries it; a caller never sees it.',
} as const

export type ErrorCode = keyof typeof errorCodes

export interface ErrorDetails {
  /** The name of the lock, as the caller wrote it, or the encoded resource below the seam. */
  readonly resource?: string | undefined
  readonly cause?: unknown
}

/** Of the three errors that an engine throws. */
export interface EngineErrorDetails extends ErrorDetails {
  /** Asking again can only fail again, until the set-up of the store or of this program is changed. @default false */
  readonly isFinal?: boolean
}

/**
 * Marks the errors of every copy of the library: a program may hold two builds, two versions or two bundles of it, and an
 * error of one is told apart by the classes of the other.
 */
const MARK: unique symbol = Symbol.for('holdfast.error')

/** The base of all errors of the library: `error instanceof HoldfastError`, then look at `code`. */
export class HoldfastError extends Error {
  static {
    // On the prototype and not enumerable, so that no log shows it.
    Object.defineProperty(this.prototype, MARK, {
      get(this: HoldfastError) {
        return this.code
      },
    })
  }

  /** Compares codes and not prototypes: an error of another copy of the library is an instance, too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isInstance(this, value)
  }

  readonly code: ErrorCode
  readonly resource: string | undefined

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = new.target.name
    this.code = code
    this.resource = details.resource
  }
}

export class WaitTimeout extends HoldfastError {
  /** How long the caller waited. */
  readonly waitedMs: number
  /** `full`: so many wait for the lock already that no more may. */
  readonly because: 'timeout' | 'full'
  constructor(
    message: string,
    details: ErrorDetails & { readonly waitedMs: number; readonly because?: 'timeout' | 'full' },
  ) {
    super('WAIT_TIMEOUT', message, details)
    this.waitedMs = details.waitedMs
    this.because = details.because ?? 'timeout'
  }
}

/** What the work did although its lease was lost: nothing is thrown away. */
export type Outcome = { readonly returned: unknown } | { readonly threw: unknown }

export class LeaseLost extends HoldfastError {
  /** What the work returned or threw, when `using` rejects with this error. */
  readonly outcome: Outcome | undefined
  constructor(message: string, details: ErrorDetails & { readonly outcome?: Outcome } = {}) {
    super('LEASE_LOST', message, details)
    this.outcome = details.outcome
  }
}

export class StaleToken extends HoldfastError {
  /** The token that was refused. */
  readonly held: bigint
  /** The newest token the resource has seen. */
  readonly needed: bigint
  constructor(message: string, details: ErrorDetails & { readonly held: bigint; readonly needed: bigint }) {
    super('STALE_TOKEN', message, details)
    this.held = details.held
    this.needed = details.needed
  }
}

export class OutcomeUnknown extends HoldfastError {
  /** Asking again can only fail again, until the set-up is changed: a wait ends with it at once. */
  readonly isFinal: boolean
  constructor(message: string, details: EngineErrorDetails = {}) {
    super('OUTCOME_UNKNOWN', message, details)
    this.isFinal = details.isFinal ?? false
  }
}

export class StoreUnavailable extends HoldfastError {
  /** Asking again can only fail again, until the set-up is changed: no permission, a wrong password or certificate, a full disk. */
  readonly isFinal: boolean
  constructor(message: string, details: EngineErrorDetails = {}) {
    super('STORE_UNAVAILABLE', message, details)
    this.isFinal = details.isFinal ?? false
  }
}

export class Misuse extends HoldfastError {
  /** Where the name is in use with another capacity: that one. */
  readonly capacity: number | undefined
  constructor(message: string, details: ErrorDetails & { readonly capacity?: number | undefined } = {}) {
    super('MISUSE', message, details)
    this.capacity = details.capacity
  }
}

export class Unsupported extends HoldfastError {
  constructor(message: string, details: ErrorDetails = {}) {
    super('UNSUPPORTED', message, details)
  }
}

/** Thrown by stores only: a busy database, a lost compare-and-set, throttling. */
export class NotApplied extends HoldfastError {
  /** Asking again can only fail again, until the set-up is changed: a wait ends with it at once. */
  readonly isFinal: boolean
  constructor(message: string, details: EngineErrorDetails = {}) {
    super('NOT_APPLIED', message, details)
    this.isFinal = details.isFinal ?? false
  }
}

/** Whether an error says that asking again can only fail again. */
export function isFinal(error: unknown): boolean {
  return error instanceof HoldfastError && 'isFinal' in error && error.isFinal === true
}

/** Whether an error tells of an outage that may pass: no answer, or no store. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof HoldfastError) || isFinal(error)) return false
  return error.code === 'STORE_UNAVAILABLE' || error.code === 'OUTCOME_UNKNOWN'
}

/** The code that each class stands for; any code for the base. */
const codeOfClass: ReadonlyMap<unknown, ErrorCode | 'any'> = new Map<unknown, ErrorCode | 'any'>([
  [HoldfastError, 'any'],
  [WaitTimeout, 'WAIT_TIMEOUT'],
  [LeaseLost, 'LEASE_LOST'],
  [StaleToken, 'STALE_TOKEN'],
  [OutcomeUnknown, 'OUTCOME_UNKNOWN'],
  [StoreUnavailable, 'STORE_UNAVAILABLE'],
  [Misuse, 'MISUSE'],
  [Unsupported, 'UNSUPPORTED'],
  [NotApplied, 'NOT_APPLIED'],
])

function isInstance(type: unknown, value: unknown): boolean {
  const wanted = codeOfClass.get(type)
  // A class that a program derives from one of ours has instances of its own alone.
  if (wanted === undefined) return Function.prototype[Symbol.hasInstance].call(type as () => void, value)
  if (typeof value !== 'object' || value === null) return false
  const code: unknown = Reflect.get(value, MARK)
  return wanted === 'any' ? code !== undefined : code === wanted
}
