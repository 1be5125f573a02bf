/** What a schedule offers: its runs are told, kept, and begun on one machine only. */
import type { RunRecord, SkipReason, TickOptions, TickResult } from '../tick/tick.ts'

/** All that is asked of a schedule: a `Cron` of croner fits. */
export interface Schedule {
  /** The first tick after this moment, or null when there is none. */
  nextRun(after?: Date | null): Date | null
  /** The last n ticks before this moment, the latest first. */
  previousRuns(count: number, before?: Date): Date[]
}

export interface CronOptions extends TickOptions {
  /** A cron pattern of 5 or 6 fields, for which the package croner is loaded, or a schedule of your own. */
  readonly schedule: string | Schedule
  /** For a pattern. The same on every machine, so it is never taken from the machine. @default 'UTC' */
  readonly timezone?: string
  /** What to do about ticks that no machine ran, needs a ledger: nothing, the last one, or each (at most 100, oldest first). @default 'none' */
  readonly catchUp?: 'none' | 'last' | 'all'
  /** Ends the schedule and asks a run to stop. @default none */
  readonly signal?: AbortSignal
}

/** Each is also published on a diagnostics channel `holdfast:cron:<event>`. */
export interface CronEvents {
  readonly started: { readonly name: string; readonly tick: Date; readonly token: bigint; readonly lateMs: number }
  /** Also of a job that threw: `error` is the message. */
  readonly finished: RunRecord & { readonly name: string }
  readonly skipped: { readonly name: string; readonly tick: Date; readonly because: SkipReason }
  /** The store or the ledger could not be asked. The tick is tried again until `startWithin` is over. */
  readonly failed: { readonly name: string; readonly tick: Date; readonly error: unknown }
  /** No machine ran it and it is too late now. Only with a ledger. */
  readonly missed: { readonly name: string; readonly tick: Date }
  /**
   * `atMostFor` is less than twice the median of the last runs, the ttl is more than a third of the interval, a clock is
   * wrong, or another machine runs another schedule under this name.
   */
  readonly warned: { readonly name: string; readonly reason: string }
}

export interface CronJob extends AsyncDisposable {
  /** When the next run is due, or null when the schedule has ended. */
  next(): Date | null
  /** The last runs on all machines, the latest tick first. Throws `Misuse` without a ledger. */
  history(): Promise<readonly RunRecord[]>
  /** Runs the job now under a tick of this very moment, by the same rules. Rejects with what the job threw. */
  trigger(): Promise<TickResult<unknown>>
  /** No further ticks; resolves when the run that goes on has ended. */
  stop(): Promise<void>
  /** Calls the listener for each event until the returned function is called. */
  on<Name extends keyof CronEvents>(name: Name, listener: (event: CronEvents[Name]) => void): () => void
}

/** The interface of node-cron, by its shape: `setRunCoordinator(runCoordinator(locks, …))`. */
export interface RunCoordinator {
  shouldRun(key: string, ttlMs: number): Promise<boolean>
  onComplete(key: string): Promise<void>
}

export interface RunCoordinatorOptions extends TickOptions {
  /** node-cron gives a job no way to learn that its lease was lost. @default a warning to the logger of the client */
  readonly onLost?: (key: string, error: unknown) => void
}

/** Options of `scheduled`. */
export interface ScheduledOptions extends TickOptions {
  /** As for `cron`: that by which the other scheduler calls. */
  readonly schedule: string | Schedule
  /** As for `cron`. @default 'UTC' */
  readonly timezone?: string
}
