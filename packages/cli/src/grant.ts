/** What a command runs under: one lease, or several that stand and fall together. */
import type { Lease, ReleaseOutcome } from 'holdfast'

/** What can be asked of several leases as of one. */
export type Tenancy = Pick<Lease, 'signal' | 'remainingMs' | 'isHeld'>

/** The worst that the release of one of them came to. */
export interface GrantEnd {
  readonly name: string
  readonly outcome: ReleaseOutcome
}

/** From bad to good. */
const OUTCOMES: readonly ReleaseOutcome[] = ['expired', 'unknown', 'released']

export class Grant implements Tenancy {
  /** One for each name, in the order the names were given. */
  readonly leases: readonly [Lease, ...Lease[]]
  readonly #signal: AbortSignal

  constructor(leases: readonly Lease[]) {
    const [first, ...others] = leases
    if (first === undefined) throw new TypeError('a grant has a lease')
    this.leases = [first, ...others]
    this.#signal = AbortSignal.any(leases.map((lease) => lease.signal))
  }

  /** Aborts as soon as one of them is lost. */
  get signal(): AbortSignal {
    // Compares the clocks of each, and the signal follows at once.
    this.isHeld()
    return this.#signal
  }

  /** Until the first of them ends. */
  get remainingMs(): number {
    return Math.min(...this.leases.map((lease) => lease.remainingMs))
  }

  /** Why one of them was lost, or undefined. */
  get lossInWords(): string | undefined {
    const { aborted, reason } = this.signal as { readonly aborted: boolean; readonly reason: unknown }
    if (!aborted) return undefined
    return reason instanceof Error ? reason.message : String(reason)
  }

  isHeld(): boolean {
    // All of them, so that each notices for itself.
    return this.leases.map((lease) => lease.isHeld()).every(Boolean)
  }

  /** Gives all of them back. Never throws. */
  async release(): Promise<GrantEnd> {
    const ends = await Promise.all(
      this.leases.map(async (lease) => ({ name: lease.name, outcome: await lease.release() })),
    )
    return ends.toSorted((one, other) => OUTCOMES.indexOf(one.outcome) - OUTCOMES.indexOf(other.outcome))[0]!
  }
}
