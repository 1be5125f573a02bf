/** What a caller may ask for, validated here before any I/O, once, for every recipe and every store. */
import type { Clock } from '../time/clock.ts'
import { type Duration, durationMs, formatMs } from '../time/duration.ts'
import { Misuse } from '../store/errors.ts'
import {
  LOCK_DELAY_MS_MAX,
  MIN_HOLD_MS_MAX,
  NOTE_BYTES_MAX,
  TTL_MS_MAX,
  TTL_MS_MIN,
  WAIT_MS_MAX,
} from '../store/limits.ts'
import type { AcquireSettings } from '../lease/settings.ts'
import { boundedText } from '../store/bounded-text.ts'
import { CLASS_ORDER, type SafetyClass } from '../store/facts.ts'

/** Options of one client: `holdfast(store, options)`. */
export interface HoldfastOptions {
  /** Keeps the names of different programs apart on one store. 1–200 bytes of UTF-8. @default 'default' */
  readonly namespace?: string
  /** The lease of every lock of this client, unless the call says otherwise. 100 ms – 24 h. @default '10s' */
  readonly ttl?: Duration
  /** How long `acquire` and `using` wait, unless the call says otherwise. 0 – 24 h. @default '30s', or 24 h when the call has a signal */
  readonly wait?: Duration
  /**
   * How long the first call waits for the store itself, when it refuses connections, loads its data or does not answer:
   * it is asked again until then. A longer `wait` goes on asking until it is over. What no waiting can heal, such as a wrong
   * password, fails at once. 0 – 24 h. @default '10s'
   */
  readonly openWait?: Duration
  /** Refuses to open a store of a lesser class than this. @default none: any class will do */
  readonly require?: SafetyClass
  /** Who holds, for people who inspect a lock. At most 200 bytes. @default '<host>/<pid>' */
  readonly owner?: string
  /** Told about trouble in the background and nothing else; nothing is ever printed without it. @default none */
  readonly logger?: Logger
  /** Where time comes from. For tests. @default the system's clocks */
  readonly clock?: Clock
}

/** Options of one acquisition. */
export interface AcquireOptions {
  /** The lease: after a crash the lock is free this long after the last renewal. Renewed every ttl/3. 100 ms – 24 h. @default the client's */
  readonly ttl?: Duration
  /** The longest wait for the turn, counted once from the call. 0 – 24 h. Not for the `try…` forms. @default the client's */
  readonly wait?: Duration
  /** Ends the wait; the promise rejects with the signal's own reason. It does not end a lease that was granted. @default none */
  readonly signal?: AbortSignal
  /** `lease.signal` aborts this long before the lease ends, for work that needs time to stop. At most half of the ttl. @default 0 */
  readonly stopBefore?: Duration
  /** After an expiry or an eviction (never a release) nobody gets the lock for this long: for resources that cannot check tokens. 0 – 1 h. @default 0 */
  readonly lockDelay?: Duration
  /** A release before this much time has passed since the grant keeps the lock taken for the rest. 0 – 24 h. @default 0 */
  readonly minHold?: Duration
  /** Public text shown to those who inspect the lock. Never a secret. At most 4096 bytes of UTF-8. @default '' */
  readonly note?: string
  /** Inside a live `using` of the same name: share its lease and its token instead of refusing to dead-lock. @default false */
  readonly reentrant?: boolean
  /** Inside a live `using` of the same name: claim a second place all the same. @default false */
  readonly detached?: boolean
}

/** Where background trouble is told. `console` fits, and so do pino and winston. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

const TTL_MS_DEFAULT = 10_000
const WAIT_MS_DEFAULT = 30_000
const OPEN_WAIT_MS_DEFAULT = 10_000

/** A misspelt option would silently be the default. */
const CLIENT_OPTIONS = ['namespace', 'ttl', 'wait', 'openWait', 'require', 'owner', 'logger', 'clock']
const ACQUIRE_OPTIONS = [
  'ttl',
  'wait',
  'signal',
  'stopBefore',
  'lockDelay',
  'minHold',
  'note',
  'reentrant',
  'detached',
  'take',
]

export function checkClientOptions(options: HoldfastOptions): void {
  checkKeys(options, CLIENT_OPTIONS)
  if (options.require === undefined || CLASS_ORDER.includes(options.require)) return
  throw new Misuse(`require must be one of ${CLASS_ORDER.join(', ')}, got ${JSON.stringify(options.require)}`)
}

export function openWaitMs({ openWait }: HoldfastOptions): number {
  return durationMs('openWait', openWait ?? OPEN_WAIT_MS_DEFAULT, { minMs: 0, maxMs: WAIT_MS_MAX })
}

export function checkKeys(options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw new Misuse(`options must be an object: { ${known[0]}: … }`)
  const unknown = Object.keys(options).find((key) => !known.includes(key))
  if (unknown !== undefined) throw new Misuse(`there is no option "${unknown}": the options are ${known.join(', ')}`)
}

export function acquireSettings(call: AcquireOptions, client: HoldfastOptions): AcquireSettings {
  checkKeys(call, ACQUIRE_OPTIONS)
  const ttlMs = durationMs('ttl', call.ttl ?? client.ttl ?? TTL_MS_DEFAULT, { minMs: TTL_MS_MIN, maxMs: TTL_MS_MAX })
  const waitDefault = call.signal === undefined ? WAIT_MS_DEFAULT : WAIT_MS_MAX
  const stopBeforeMs = durationMs('stopBefore', call.stopBefore ?? 0, { minMs: 0, maxMs: TTL_MS_MAX })
  if (stopBeforeMs * 2 > ttlMs) {
    throw new Misuse(
      `stopBefore (${formatMs(stopBeforeMs)}) must be at most half of the ttl (${formatMs(ttlMs)}): ` +
        'otherwise one late renewal would stop the work. Ask for a longer ttl.',
    )
  }
  if (call.reentrant === true && call.detached === true) {
    throw new Misuse('reentrant and detached exclude each other: share the lease, or claim a second place')
  }
  return {
    ttlMs,
    stopBeforeMs,
    waitMs: durationMs('wait', call.wait ?? client.wait ?? waitDefault, { minMs: 0, maxMs: WAIT_MS_MAX }),
    signal: checkedSignal(call.signal),
    lockDelayMs: durationMs('lockDelay', call.lockDelay ?? 0, { minMs: 0, maxMs: LOCK_DELAY_MS_MAX }),
    minHoldMs: durationMs('minHold', call.minHold ?? 0, { minMs: 0, maxMs: MIN_HOLD_MS_MAX }),
    note: boundedText('note', call.note ?? '', NOTE_BYTES_MAX),
    reentrant: call.reentrant ?? false,
    detached: call.detached ?? false,
  }
}

function checkedSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal
  throw new Misuse('signal must be an AbortSignal')
}
