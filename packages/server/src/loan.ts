/**
 * One lease lent to a program far away: the server renews it in the store as long as the program renews it here. The
 * program counts from before it sent its request, so it stops believing before the server gives the lease back.
 */
import type { Lease } from 'holdfast'
import type { Session } from './session.ts'

/** Clocks differ by less than 0.05 %; the rest is for what is late on the other side. */
const DRIFT_SHARE = 0.01
const MARGIN_MS_MIN = 2

export interface LoanOptions {
  readonly id: string
  readonly lease: Lease
  readonly ttlMs: number
  readonly session: Session | undefined
}

/** What may be believed of a time that lasts so long here. */
export function beliefMs(lastsMs: number): number {
  return Math.max(0, Math.floor(lastsMs - Math.max(MARGIN_MS_MIN, lastsMs * DRIFT_SHARE)))
}

export class Loan {
  readonly id: string
  readonly lease: Lease
  readonly ttlMs: number
  readonly session: Session | undefined
  /** When the loan ends unless it is renewed, on the clock of this process. */
  #endsAtMs: number
  #isUntold = true
  #timer: NodeJS.Timeout

  /** `session`: what ends the loan as well. `onSilence` is called when the program did not renew in time. */
  constructor({ id, lease, ttlMs, session }: LoanOptions, onSilence: () => void) {
    this.id = id
    this.session = session
    this.lease = lease
    this.ttlMs = ttlMs
    this.#endsAtMs = performance.now() + ttlMs
    const look = (): void => {
      const leftMs = this.#endsAtMs - performance.now()
      if (leftMs > 0) this.#timer = setTimeout(look, Math.ceil(leftMs))
      else onSilence()
    }
    this.#timer = setTimeout(look, ttlMs)
  }

  /** Whether no program heard of it yet: true once. */
  isUntold(): boolean {
    const isUntold = this.#isUntold
    this.#isUntold = false
    return isUntold
  }

  get endsAtMs(): number {
    return this.#endsAtMs
  }

  /** The program asked at `receivedMs`: what it was told before is only ever prolonged. */
  prolong(receivedMs: number): void {
    this.#endsAtMs = Math.max(this.#endsAtMs, receivedMs + this.ttlMs)
  }

  /**
   * How long the program may believe, counted from before it sent the request that arrived at `receivedMs`: it sent that
   * earlier than it arrived, so what it adds to its own clock comes out sooner than here.
   */
  believeMs(receivedMs: number): number {
    const storeEndsAtMs = performance.now() + this.lease.remainingMs
    const sessionEndsAtMs = this.session?.endsAtMs ?? Number.POSITIVE_INFINITY
    return beliefMs(Math.min(this.#endsAtMs, storeEndsAtMs, sessionEndsAtMs) - receivedMs)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
