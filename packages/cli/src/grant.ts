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
  /** Aborts as soon as one of them is lost. */
  readonly signal: AbortSignal

  constructor(leases: readonly Lease[]) {
    const [first, ...others] = leases
    if (first === undefined) throw new TypeError('a grant has a lease')
    this.leases = [first, ...others]
    this.signal = AbortSignal.any(leases.map((lease) => lease.signal))
  }

  /** Until the first of them ends. */
  get remainingMs(): number {
    return Math.min(...this.leases.map((lease) => lease.remainingMs))
  }

  isHeld(): boolean {
    return this.leases.every((lease) => lease.isHeld())
  }

  /** Gives all of them back. Never throws. */
  async release(): Promise<GrantEnd> {
    const ends = await Promise.all(
      this.leases.map(async (lease) => ({ name: lease.name, outcome: await lease.release() })),
    )
    return ends.toSorted((one, other) => OUTCOMES.indexOf(one.outcome) - OUTCOMES.indexOf(other.outcome))[0]!
  }
}
