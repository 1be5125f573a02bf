/** What a Redlock has under way: first a wait, then leases, until they are given back, taken away, or their time is over. */
import { HeldLease } from '../../lease/held-lease.ts'
import type { Lease } from '../../lease/lease.ts'
import type { LeaseSet } from '../../recipes/several.ts'
import { StoreUnavailable } from '../../store/errors.ts'
import type { Clock, Timer } from '../../time/clock.ts'

export class Hold {
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
    const held = this.leases.filter((lease) => lease instanceof HeldLease)
    await Promise.all(held.map((lease) => lease.revoke('its Redlock was closed')))
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
