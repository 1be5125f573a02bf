/** A claim: one place in the line of a resource. */

/** What is sent to a store when a claim enters a line. All of it is decided, and validated, before the first request. */
export interface Claim {
  /** Namespace and name in the one encoding of `names.ts`: ASCII, no slash, no brace. */
  readonly resource: string
  /**
   * A random 128-bit id made by the caller **before** sending, fresh for each attempt at a lock. Asking again with the
   * same id is idempotent, so a lost reply never strands a lock.
   */
  readonly id: string
  /** How much of the capacity this claim takes: mutex 1, permit k, reader 1, writer all. */
  readonly weight: number
  /** The capacity of the line. Every claim of one line must name the same. */
  readonly capacity: number
  /** The lease asked for; a store may round it up, and says what it gave in the standing. */
  readonly ttlMs: number
  /** Whether to wait in the line when the claim does not hold at once; `false` leaves no trace when refused. */
  readonly queue: boolean
  /** How long the weight goes on counting after the claim ended by expiry or eviction (never after a release). */
  readonly lockDelayMs: number
  /** Public data of the claim, shown by `inspect`. Never a secret. */
  readonly note: string
  /** Who claims, for people: host and process. Never used to decide anything. */
  readonly owner: string
}

/** Names a claim that was sent. The token is there once it is known, and then it must match too. */
export interface Ref {
  readonly resource: string
  readonly id: string
  readonly token?: bigint
}

const ID_BYTES = 16
/** Randomness for many ids is read at once: it costs a system call, however much it is. */
const pool = Buffer.alloc(256 * ID_BYTES)
let isUsedUpTo = pool.length

/** 128 random bits as 32 hex digits. */
export function newClaimId(): string {
  if (isUsedUpTo === pool.length) {
    crypto.getRandomValues(pool)
    isUsedUpTo = 0
  }
  isUsedUpTo += ID_BYTES
  return pool.toString('hex', isUsedUpTo - ID_BYTES, isUsedUpTo)
}
