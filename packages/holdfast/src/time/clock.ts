/**
 * The only place where time is read and timers are made. Everything else takes a `Clock`, so that a test or
 * the simulator can pass its own; a house test forbids `Date`, `performance` and `setTimeout` elsewhere.
 */

/** A moment on both clocks of this machine, read just before a request is sent. */
export interface Stamp {
  /** Never steps, and on Linux is one clock for all processes of the machine. It stands still while the machine is suspended. */
  readonly monotonicMs: number
  /** Runs on while the machine is suspended, and may step. */
  readonly wallMs: number
}

export interface Timer {
  /** Cancelling twice, or after it fired, does nothing. */
  cancel(): void
  /** Whether the process has to live until it fires; it does from the start. A clock may leave it out. */
  keepAlive?(needed: boolean): void
}

export interface Clock {
  /** Milliseconds, with fractions, from an origin that is the same for all processes since the machine started. */
  monotonicMs(): number
  /** Milliseconds since 1970, with fractions where the system has them. */
  wallMs(): number
  /** Calls back once, not before `delayMs` have passed; 0 or less means on the next turn of the event loop. A delay may be longer than 2^31 ms. */
  schedule(delayMs: number, callback: () => void): Timer
}

export function stampOf(clock: Clock): Stamp {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() }
}

/** `setTimeout` fires at once for any longer delay. */
const TIMER_MS_MAX = 2 ** 31 - 1

// `performance.now()` is three times as fast as `process.hrtime.bigint()` and runs on the same clock from another origin.
const originMs = monotonicOriginMs()

/** Of a few pairs of readings the closest: a process that lost its turn between the two would be wrong for all its life. */
function monotonicOriginMs(): number {
  let best = { originMs: 0, spreadMs: Number.POSITIVE_INFINITY }
  for (let sample = 0; sample < 8; sample += 1) {
    const beforeMs = performance.now()
    const machineMs = Number(process.hrtime.bigint()) / 1e6
    const spreadMs = performance.now() - beforeMs
    if (spreadMs < best.spreadMs) best = { originMs: machineMs - beforeMs - spreadMs / 2, spreadMs }
  }
  return best.originMs
}

/** The clocks and the timers of this machine. */
export const systemClock: Clock = {
  monotonicMs: () => originMs + performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    if (!(delayMs > 0)) {
      const immediate = setImmediate(callback)
      return { cancel: () => clearImmediate(immediate) }
    }
    const dueMs = performance.now() + delayMs
    let timeout: NodeJS.Timeout
    let isNeeded = true
    const arm = (leftMs: number): void => {
      timeout = setTimeout(look, Math.ceil(Math.min(leftMs, TIMER_MS_MAX)))
      if (!isNeeded) timeout.unref()
    }
    // Node rounds its own clock to whole milliseconds: 1 timer in 150 fired up to 0.8 ms early.
    const look = (): void => {
      const leftMs = dueMs - performance.now()
      if (leftMs > 0) arm(leftMs)
      else callback()
    }
    arm(delayMs)
    return {
      cancel: () => clearTimeout(timeout),
      keepAlive(needed) {
        isNeeded = needed
        if (needed) timeout.ref()
        else timeout.unref()
      },
    }
  },
}

/** Resolves after `delayMs`, or at once when the signal aborts: it never rejects, the caller looks at the signal. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const wake = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', wake)
      resolve()
    }
    const timer = clock.schedule(delayMs, wake)
    signal?.addEventListener('abort', wake)
  })
}
