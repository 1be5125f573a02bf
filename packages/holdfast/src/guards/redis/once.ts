/**
 * Until when a run may begin, on the clock of the server. A driver may send a script again long after its answer was lost,
 * so a key that merely remembers the run for a minute is not enough. Instead the run carries a moment after which it is not
 * begun, and its key lasts beyond that moment of the same clock: whatever comes again meets the key or comes too late.
 */
import { type Clock, type Stamp, stampOf } from '../../time/clock.ts'

/** From asking to beginning. A driver that reconnects needs seconds. */
const BEGIN_WITHIN_MS = 30_000
/** So that somebody who is late by less knows that nothing was done, and may ask anew. */
const REMEMBERED_AFTER_MS = 30_000
/** Of an answer that took longer nobody knows how old the server's time in it is. */
const ANSWER_MS_MAX = 5_000
/** The monotonic clock stands still while a machine sleeps, and the wall clock is set: when they differ neither is believed. */
const CLOCKS_DIFFER_MS = 1_000

/** Moments of the server's clock in milliseconds. */
export interface Window {
  /** Later than this the run is not begun. */
  readonly beginByMs: number
  /** Until then the key of a run that was begun is there. */
  readonly rememberedUntilMs: number
}

export function windowFrom(serverNowMs: number): Window {
  const beginByMs = Math.ceil(serverNowMs) + BEGIN_WITHIN_MS
  return { beginByMs, rememberedUntilMs: beginByMs + REMEMBERED_AFTER_MS }
}

/**
 * The server's clock as its last answer showed it. Being wrong costs no more than a refusal: the same clock of the server
 * decides about the beginning and about the key. Of a Cluster's servers it is the one that answered last.
 */
export class ServerTime {
  readonly #clock: Clock
  #known: { readonly serverMs: number; readonly at: Stamp } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  stamp(): Stamp {
    return stampOf(this.#clock)
  }

  /** An answer: asked at this stamp, made at this time of the server. */
  note(askedAt: Stamp, serverMs: number): void {
    const at = this.stamp()
    const tookMs = passedMs(askedAt, at)
    const isUsable = serverMs > 0 && tookMs !== undefined && tookMs <= ANSWER_MS_MAX
    this.#known = isUsable ? { serverMs, at } : undefined
  }

  /** `undefined` when the server has to be asked. */
  nowMs(): number | undefined {
    if (this.#known === undefined) return undefined
    const sinceMs = passedMs(this.#known.at, this.stamp())
    return sinceMs === undefined ? undefined : this.#known.serverMs + sinceMs
  }
}

function passedMs(from: Stamp, to: Stamp): number | undefined {
  const passed = to.monotonicMs - from.monotonicMs
  return Math.abs(to.wallMs - from.wallMs - passed) > CLOCKS_DIFFER_MS ? undefined : passed
}
