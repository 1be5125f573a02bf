/** The holder's side of a plain lease: its own clock, renewal at a third, the signal; with the flaws that live there. */
import type { Grant, Notes } from '../contender.ts'
import type { FlawName } from '../flaws.ts'

const MARGIN_SHARE = 0.02

/** What a lease asks of the place where it is written down. */
export interface LeaseKeeper {
  /** Answers whether the lease is still the owner's. */
  renew(k: string, owner: string, token: bigint): Promise<boolean>
  /** Answers whether it was the owner's. */
  release(lease: LeaseGrant): Promise<boolean>
}

interface GrantParts {
  readonly k: string
  readonly owner: string
  readonly token: bigint
  readonly keeper: LeaseKeeper
  readonly notes: Notes
  readonly ttlMs: number
  readonly askedMs: number
  readonly flaw: FlawName
}

export class LeaseGrant implements Grant {
  readonly k: string
  readonly owner: string
  readonly token: bigint
  readonly signal: AbortSignal
  readonly #parts: GrantParts
  readonly #controller = new AbortController()
  #untilMs: number
  #over = false
  #deadline: NodeJS.Timeout | undefined
  #renewal: NodeJS.Timeout | undefined

  constructor(parts: GrantParts) {
    this.k = parts.k
    this.owner = parts.owner
    this.token = parts.token
    this.signal = this.#controller.signal
    this.#parts = parts
    this.#untilMs = parts.askedMs + parts.ttlMs * (1 - MARGIN_SHARE)
    this.#watchClock()
    this.#renewLater()
  }

  isHeld(): boolean {
    if (this.#over) return false
    if (this.#parts.flaw === 'no-deadline' || this.remainingMs() > 0) return true
    this.#lose()
    return false
  }

  remainingMs(): number {
    return this.#untilMs - performance.now()
  }

  async release(): Promise<string> {
    // Too late is a loss, and is told.
    this.isHeld()
    this.end()
    try {
      return (await this.#parts.keeper.release(this)) ? 'released' : 'expired'
    } catch {
      return 'unknown'
    }
  }

  end(): void {
    this.#over = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#renewal)
  }

  #watchClock(): void {
    clearTimeout(this.#deadline)
    if (this.#parts.flaw === 'never-tells' || this.#parts.flaw === 'no-deadline') return
    this.#deadline = setTimeout(() => void this.isHeld(), Math.max(0, this.remainingMs()) + 1)
  }

  #renewLater(): void {
    this.#renewal = setTimeout(() => {
      void this.#renew().catch(() => {
        if (!this.#over) this.#renewLater()
      })
    }, this.#parts.ttlMs / 3)
  }

  async #renew(): Promise<void> {
    const { keeper, notes, ttlMs, k } = this.#parts
    const askedMs = performance.now()
    const renewed = await keeper.renew(k, this.owner, this.token)
    if (this.#over) return
    if (!renewed) return this.#lose()
    this.#untilMs = askedMs + ttlMs * (1 - MARGIN_SHARE)
    notes.extended(k, this.token, () => this.remainingMs())
    this.#watchClock()
    this.#renewLater()
  }

  #lose(): void {
    this.end()
    this.#parts.notes.lost(this.k, this.token)
    if (this.#parts.flaw !== 'never-tells') this.#controller.abort()
  }
}
