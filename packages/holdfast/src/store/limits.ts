/**
 * Every limit of the library in one place, so that a reader can find it and an error can name it.
 * Times are milliseconds. See ARCHITECTURE.md#limits.
 */

/** The shortest and the longest lease a caller may ask for. */
export const TTL_MS_MIN = 100
export const TTL_MS_MAX: number = 24 * 60 * 60 * 1000

/** The longest wait for a turn: also what a wait bounded only by a signal gets. */
export const WAIT_MS_MAX: number = 24 * 60 * 60 * 1000

/** The longest lock-delay (Chubby's was a minute, Consul's is one too) and the longest minimum hold. */
export const LOCK_DELAY_MS_MAX: number = 60 * 60 * 1000
export const MIN_HOLD_MS_MAX: number = 24 * 60 * 60 * 1000

/** A name and a namespace in bytes of UTF-8, before encoding. */
export const NAME_BYTES_MAX = 200

/** The public data of a claim, in bytes of UTF-8. */
export const NOTE_BYTES_MAX = 4096

/** The reason an operator gives for an eviction, in bytes of UTF-8. */
export const REASON_BYTES_MAX = 500

/** Claims waiting in one line; the next one is refused with `full`. */
export const QUEUE_LENGTH_MAX = 10_000

/** Names taken together by one `acquireAll`. */
export const NAMES_AT_ONCE_MAX = 100

/** The places of a semaphore. */
export const CAPACITY_MAX = 1_000_000

/**
 * The capacity of a read/write line: a reader weighs 1, a writer all of it. It is far above
 * QUEUE_LENGTH_MAX, so readers never shut one another out, and small enough to be exact everywhere.
 */
export const READERS_CAPACITY: number = 2 ** 30

/** A waiting claim that its process did not renew for this long is dropped from the line. */
export const WAITER_LIFE_MS = 15_000

/**
 * The first life of a pushed grant. A waiter that was handed the lock may be dead, and then the line stands
 * still for this long; a live one renews within PROVISIONAL_RENEW_MS. (docs/protocols/line.md)
 */
export const PROVISIONAL_LIFE_MS = 3_000
export const PROVISIONAL_RENEW_MS = 250

/** One call to a store that did not answer for this long counts as unknown and is asked again. */
export const ATTEMPT_MS_MAX = 5_000

/** Opening a store: connecting, preparing a schema, probing. */
export const OPEN_MS_MAX = 10_000

/** Leases renewed by one call to the store. Larger batches save nothing and stall the event loop. */
export const RENEW_BATCH_MAX = 500

/** The largest fencing token: what a signed 64-bit column holds. */
export const TOKEN_MAX: bigint = 2n ** 63n - 1n

/** A sequencer: two encoded names at three characters a byte, the longest mode, 19 digits, three slashes. */
export const SEQUENCER_LENGTH_MAX: number = 2 * 3 * NAME_BYTES_MAX + 'exclusive'.length + 19 + 3

/**
 * How far the wall clock may run ahead of a second clock before tokens stop following it: far less than guards let
 * tokens be ahead, and more than a clock is corrected by in normal operation.
 */
export const TOKEN_JUMP_MS_MAX: number = 60 * 60 * 1000

/** A wall clock that shows an earlier date than this library has is wrong, and known to be. (1 January 2026) */
export const CLOCK_TRUSTED_FROM_MS = 1_767_225_600_000

/** How far ahead of the wall clock a guard lets a token be, so that a forged one cannot shut every holder out forever. */
export const TOKEN_AHEAD_MS_DEFAULT: number = 24 * 60 * 60 * 1000
export const TOKEN_AHEAD_MS_MAX: number = 365 * 24 * 60 * 60 * 1000

/** How long a guard waits for a transaction that holds the mark, and a lock inside a transaction for its turn. */
export const MARK_WAIT_MS_DEFAULT = 10_000
export const MARK_WAIT_MS_MAX: number = 60 * 60 * 1000

/** Requests that wait in one process for one lock, and the marks that such a process keeps. */
export const TURNS_WAITING_MAX = 1_000
export const PROCESS_MARKS_MAX = 100_000

/** A value in a ledger, in bytes of UTF-8. */
export const LEDGER_VALUE_BYTES_MAX = 65_536
