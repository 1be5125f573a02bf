/** What a Redlock has under way: first a wait, then leases, until they are given back, taken away, or their time is over. */
import type { Locks } from '../../recipes/locks.ts'
import { HeldLease } from '../../lease/held-lease.ts'
import type { Lease } from '../../lease/lease.ts'
import type { LeaseSet } from '../../recipes/several.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { Clock, Timer } from '../../time/clock.ts'

/** Servers answer in whole milliseconds. */
const ROUNDING_MS = 1

export class Hold {
  /** Where its leases are from. */
  locks: Locks | undefined
  readonly #clock: Clock
  readonly #onOver: (hold: Hold) => void
  readonly #stop = new AbortController()
  #set: LeaseSet | undefined
  #end: Timer | undefined

  constructor(clock: Clock, onOver: (hold: Hold) => void) {
    this.#clock = clock
    this.#onOver = onOver
  }

  /** Ends the wait. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get leases(): readonly Lease[] {
    return this.#set?.leases ?? []
  }

  get isHeld(): boolean {
    return this.#set?.isHeld() ?? false
  }

  get #held(): readonly HeldLease[] {
    return this.leases.filter((lease) => lease instanceof HeldLease)
  }

  /** What is over before it began is forgotten. */
  async take(taking: () => Promise<LeaseSet>): Promise<void> {
    try {
      await this.grant(await taking())
    } catch (error) {
      this.over()
      throw error
    }
  }

  /** Throws when it was revoked meanwhile: what was granted is given back. */
  async grant(set: LeaseSet): Promise<void> {
    this.#set = set
    if (!this.signal.aborted) return
    await set.release()
    this.signal.throwIfAborted()
  }

  /** A lease lives as long as it was asked for at first, and a longer one is asked of the store. Returns whether it was confirmed. */
  async lengthen(ttlMs: number, limitMs: number): Promise<boolean> {
    const isDone = (): boolean => this.#held.every(({ lifeMs }) => lifeMs >= ttlMs - ROUNDING_MS)
    if (isDone() || this.locks === undefined) return isDone()
    const { on } = this.locks
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const timer = this.#clock.schedule(limitMs, () => resolve(false))
    const onEvent = (): void => {
      if (!this.isHeld) resolve(false)
      else if (isDone()) resolve(true)
    }
    const stops = (['renewed', 'lost', 'released'] as const).map((name) => on(name, onEvent))
    for (const lease of this.#held) lease.lengthen(ttlMs)
    return promise.finally(() => {
      timer.cancel()
      for (const stop of stops) stop()
    })
  }

  /** The leases of `acquire` are renewed until then, and not for ever. */
  endIn(durationMs: number): void {
    this.#end?.cancel()
    this.#end = this.#clock.schedule(durationMs, () => void this.release())
  }

  async release(): Promise<void> {
    this.over()
    await this.#set?.release()
  }

  /** Tells the work, which did not ask for it. */
  async revoke(): Promise<void> {
    this.over()
    this.#stop.abort(closedError())
    await Promise.all(this.#held.map((lease) => lease.revoke('its Redlock was closed')))
  }

  /** Its timer keeps the process no longer, and the connection is not needed for it. */
  over(): void {
    this.#end?.cancel()
    this.#onOver(this)
  }
}

export function closedError(): StoreUnavailable {
  return new StoreUnavailable('this Redlock was closed: make a new one', { isFinal: true })
}
