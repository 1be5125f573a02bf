/** One term on the line of an election, as its work gets it. */
import type { ReleaseOutcome } from '../../lease/lease.ts'
import { LeaseProxy } from '../../lease/lease-proxy.ts'
import type { Tenure } from '../tenure.ts'
import type { Term } from './election.ts'

export class LineTerm extends LeaseProxy implements Term {
  readonly #tenure: Tenure
  readonly #resign: () => Promise<ReleaseOutcome>

  constructor(tenure: Tenure, resign: () => Promise<ReleaseOutcome>) {
    super(tenure.lease)
    this.#tenure = tenure
    this.#resign = resign
  }

  get stopping(): AbortSignal {
    return this.#tenure.duty.stopping
  }

  proclaim(announcement: string): Promise<void> {
    return this.#tenure.publish('announcement', announcement)
  }

  resign(): Promise<ReleaseOutcome> {
    return this.#resign()
  }

  override release(): Promise<ReleaseOutcome> {
    return this.resign()
  }
}
