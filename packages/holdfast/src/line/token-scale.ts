/**
 * The roof of the token scale. Tokens follow the wall clock, so that they rise when an engine has lost its memory. But a
 * wall clock can be set: one grant two days ahead, and every guard refuses the lock for two days. So tokens follow it only
 * as far as a second clock agrees, one that cannot be set. Behind the wall clock nothing is lost: tokens still rise, by the
 * last one, and what an engine without memory makes by the clock is above them. (docs/protocols/tokens.md)
 */
import { CLOCK_TRUSTED_FROM_MS, TOKEN_JUMP_MS_MAX } from '../store/limits.ts'
import type { Stamp } from '../time/clock.ts'

/** Makes the scale of one engine, which all of its tokens are made on. */
export class TokenScale {
  #reference: Stamp | undefined

  /** @param reference - Both clocks at one earlier moment, where the engine kept one. By default the first look. */
  constructor(reference?: Stamp) {
    this.#reference = reference
  }

  /** For an engine that keeps it. */
  get reference(): Stamp | undefined {
    return this.#reference
  }

  /** In µs, at a moment that both clocks show. */
  at(now: Stamp): bigint {
    // A machine without a battery starts in the past and learns the date later: what it showed before is no reference.
    if (this.#reference === undefined || this.#reference.wallMs < CLOCK_TRUSTED_FROM_MS) this.#reference = now
    const { wallMs, monotonicMs } = this.#reference
    return scaleUs(now.wallMs, wallMs + now.monotonicMs - monotonicMs)
  }

  /** The highest that the scale may be, for an engine that reads its clock itself; `undefined` before the first look. */
  roofAt(nowMonotonicMs: number): bigint | undefined {
    if (this.#reference === undefined || this.#reference.wallMs < CLOCK_TRUSTED_FROM_MS) return undefined
    const { wallMs, monotonicMs } = this.#reference
    return scaleUs(Number.MAX_SAFE_INTEGER, wallMs + nowMonotonicMs - monotonicMs)
  }
}

/** The wall clock in µs, as far as another clock agrees. */
export function scaleUs(wallMs: number, otherMs: number): bigint {
  return BigInt(Math.floor(Math.min(wallMs, otherMs + TOKEN_JUMP_MS_MAX) * 1000))
}
