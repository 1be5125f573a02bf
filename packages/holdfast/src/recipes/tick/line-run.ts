/** One run under the lock of its job, as the job gets it. */
import { LeaseProxy } from '../../lease/lease-proxy.ts'
import type { HeldLease } from '../../lease/held-lease.ts'
import type { ReleaseOutcome } from '../../lease/lease.ts'
import { LeaseLost } from '../../store/errors.ts'
import { type Duration, durationMs } from '../../time/duration.ts'
import type { Duty } from '../duty.ts'
import { AT_MOST_MS } from './limits.ts'
import type { CronRun, RunRecord } from './tick.ts'

export interface LineRunParts {
  readonly tick: Date
  readonly previous: RunRecord | null
  readonly duty: Duty
  /** Moves the end of the run. */
  endIn(ms: number): void
}

export class LineRun extends LeaseProxy implements CronRun {
  readonly tick: Date
  readonly previous: RunRecord | null
  readonly #parts: LineRunParts

  constructor(lease: HeldLease, parts: LineRunParts) {
    super(lease)
    this.tick = parts.tick
    this.previous = parts.previous
    this.#parts = parts
  }

  get stopping(): AbortSignal {
    return this.#parts.duty.stopping
  }

  extend(atMostFor: Duration): void {
    const ms = durationMs('atMostFor', atMostFor, AT_MOST_MS)
    this.assertHeld()
    if (this.stopping.aborted) {
      throw new LeaseLost(`the run of "${this.name}" was asked to stop before it was extended`, { resource: this.name })
    }
    this.#parts.endIn(ms)
  }

  /** The lease is given back when the work has returned, so this only asks for that. */
  override release(): Promise<ReleaseOutcome> {
    this.#parts.duty.ask(new LeaseLost(`the run of "${this.name}" was asked to end`, { resource: this.name }))
    return Promise.resolve('unknown')
  }
}
