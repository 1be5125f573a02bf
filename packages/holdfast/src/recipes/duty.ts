/**
 * A work under a lease: told when to stop, watched until it has returned. Its lease is never given back while it runs: a
 * work that does not stop keeps it until it runs out, unrenewed, and nothing of the kind begins here before it is over.
 */
import type { LockClient } from '../client/client.ts'
import type { HeldLease } from '../lease/held-lease.ts'
import type { ReleaseOutcome } from '../lease/lease.ts'
import { LeaseLost } from '../store/errors.ts'
import type { ScheduledItem } from '../time/timer-queue.ts'

/** A value, or a promise of it. */
export type MaybePromise<T> = T | PromiseLike<T>

/** A work that has to end, and may need time for it. */
export interface Stopping {
  /** Aborts when the work should end: it was asked to (shutdown, hand-over), or the lease is lost. Return soon. */
  readonly stopping: AbortSignal
}

export type WorkEnd<T> = { readonly returned: T } | { readonly threw: unknown }

export interface DutyOptions {
  /** How long the work may go on after it was asked to stop. */
  readonly stopWithinMs: number
  /** The work went on for longer. */
  onStuck?(): void
}

export class Duty implements Stopping {
  readonly lease: HeldLease
  readonly #client: LockClient
  readonly #options: DutyOptions
  readonly #stop = new AbortController()
  #stopSinceMs: number | undefined
  #isOver = false
  #alarm: ScheduledItem<() => void> | undefined

  constructor(client: LockClient, lease: HeldLease, options: DutyOptions) {
    this.#client = client
    this.lease = lease
    this.#options = options
    const { signal } = lease
    signal.addEventListener('abort', () => this.ask(signal.reason), { once: true })
    if (signal.aborted) this.ask(signal.reason)
  }

  /** Compares the clocks first, so it aborts with the lease's own signal. */
  get stopping(): AbortSignal {
    this.lease.isHeld()
    return this.#stop.signal
  }

  /** How long the work has been going on although its time to stop is over; 0 while it may. */
  get stuckForMs(): number {
    return this.#isOver ? 0 : Math.max(0, this.stoppingForMs - this.#options.stopWithinMs)
  }

  /** How long ago the work was asked to stop; 0 when it was not. */
  get stoppingForMs(): number {
    return this.#stopSinceMs === undefined ? 0 : this.#client.clock.monotonicMs() - this.#stopSinceMs
  }

  /** Asks the work to stop; only the first reason counts. */
  ask(reason: unknown): void {
    if (this.#stopSinceMs !== undefined || this.#isOver) return
    this.#stopSinceMs = this.#client.clock.monotonicMs()
    const { stopWithinMs } = this.#options
    this.#alarm = this.#client.timers.addIn(() => this.#stuck(), stopWithinMs)
    this.#stop.abort(reason)
  }

  /** What became of the work; nothing where it was to stop before it began. */
  async run<T>(work: () => MaybePromise<T>): Promise<WorkEnd<T> | undefined> {
    try {
      if (this.stopping.aborted) return undefined
      return { returned: await this.#client.reentry.within([this.lease], work) }
    } catch (threw) {
      return { threw }
    } finally {
      this.end()
    }
  }

  /** The work is over. */
  end(): void {
    this.#isOver = true
    if (this.#alarm !== undefined) this.#client.timers.cancel(this.#alarm)
  }

  #stuck(): void {
    this.lease.stopRenewing()
    this.#options.onStuck?.()
  }
}

/** Of a work that ended by itself, while its lease went on as far as is known here; `released` is the store's word on that. */
export function resultOf<T>(end: WorkEnd<T>, lease: HeldLease, released: ReleaseOutcome): T {
  if (released === 'expired') {
    const words = `"${lease.name}" (token ${lease.ref.token}) had ended in the store before the work did`
    throw new LeaseLost(words, { resource: lease.name, outcome: end, cause: 'threw' in end ? end.threw : undefined })
  }
  if ('threw' in end) throw end.threw
  return end.returned
}
