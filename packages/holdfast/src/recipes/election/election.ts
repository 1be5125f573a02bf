/** What an election offers: leadership that each process knows the end of by its own clocks. */
import type { ObserveOptions } from '../../client/observe.ts'
import type { AcquireOptions } from '../../client/options.ts'
import type { Lease, ReleaseOutcome } from '../../lease/lease.ts'
import type { Duration } from '../../time/duration.ts'
import type { MaybePromise, Stopping } from '../duty.ts'

export interface ElectionOptions {
  /** The lease of the leader: after a crash the next one leads this long after the last renewal. 100 ms – 24 h. @default the client's */
  readonly ttl?: Duration
  /** What observers are told of a candidate and of the leader, such as its address. Public. At most 4096 bytes. @default '' */
  readonly announcement?: string
  /** How long the work may go on after `stopping` before it is reported as stuck and its lease is renewed no more. 0 – 1 h. @default '10s' */
  readonly stopWithin?: Duration
  /** `term.signal` aborts this long before the lease ends. At most half of the ttl. @default 0 */
  readonly stopBefore?: Duration
  /** After a leader was lost there is none for this long: for resources that cannot check tokens. 0 – 1 h. @default 0 */
  readonly lockDelay?: Duration
}

/** One term of leadership: a lease, so every guard takes it. `token` is the number of the term and only ever rises. */
export interface Term extends Lease, Stopping {
  /** Replaces the announcement; resolves when the store shows it, or a later one. Rejects with `LeaseLost` when the term is over before. */
  proclaim(announcement: string): Promise<void>
  /**
   * Ends the term: `isLeader` is false before the store hears of it. Inside `lead` it asks the work to stop and releases
   * when that has returned; after `campaign` at once. The same as `release()`. A call from inside of the work does not wait
   * for its end, and resolves with `unknown`.
   */
  resign(): Promise<ReleaseOutcome>
}

/** Who stands for election. */
export interface Candidate {
  readonly owner: string
  readonly announcement: string
}

export interface Leader extends Candidate {
  readonly token: bigint
  /** Whether it is this very `Election`. */
  readonly isMe: boolean
  /** Until the lease ends unless it is renewed; absent where the engine cannot know. */
  readonly endsInMs?: number
}

export type StopReason = 'returned' | 'threw' | 'resigned' | 'asked' | 'lost' | 'closed'

/** Each is also published on a diagnostics channel `holdfast:election:<event>`. Times are milliseconds. */
export interface ElectionEvents {
  /** This process leads: told before the work is called. */
  readonly elected: { readonly name: string; readonly token: bigint; readonly waitedMs: number }
  /** This process's work has ended. Once for each `elected`, always before the next one. `error`: what the work threw. */
  readonly stopped: {
    readonly name: string
    readonly token: bigint
    readonly because: StopReason
    readonly ledMs: number
    readonly error?: unknown
  }
  /** The work did not return within `stopWithin`; the process cannot lead again before it does. */
  readonly stuck: { readonly name: string; readonly token: bigint; readonly forMs: number }
}

export interface ElectionHealth {
  /**
   * `jeopardy`: the lease cannot be renewed at the moment, or is over and the work is about to end. `stuck`: the work goes
   * on although its term is over: restart the process. `absent`: `lead` is not running here, so this process will never
   * lead. Answered from this process's own clocks, also while the store is away.
   */
  readonly state: 'leading' | 'standing-by' | 'jeopardy' | 'stuck' | 'absent'
  /** Since when, in milliseconds. */
  readonly forMs: number
  /** Fit for a liveness probe: false only when `stuck`. */
  readonly live: boolean
}

export interface LeadOptions {
  /** Asks the work to stop, resigns when it has returned, and ends `lead`, which then rejects with the signal's reason. @default none */
  readonly signal?: AbortSignal
}

export interface Election {
  /**
   * Stands for election for as long as it takes, runs the work while leading, and stands again when a term was lost;
   * a new term never begins before the work of the one before has ended. Ends when the work returns or throws by itself
   * (then it has resigned, and `lead` settles with that), or by the signal. Once at a time; `Misuse` otherwise.
   *
   * @example
   * await election(locks, 'compactor').lead(async (term) => {
   *   while (!term.stopping.aborted) await compactOnce({ signal: term.signal, token: term.token })
   * })
   */
  lead<T>(work: (term: Term) => MaybePromise<T>, options?: LeadOptions): Promise<T>
  /** One term by hand. Waits at most `wait` (default: without end) and does not stand again by itself. */
  campaign(options?: Pick<AcquireOptions, 'wait' | 'signal'>): Promise<Term>
  /** By this process's own clocks, now. False before a resignation or a loss can reach the store. */
  readonly isLeader: boolean
  /** The leader by the store's word now, or null. */
  leader(): Promise<Leader | null>
  /** The leader now and at every change of leader or announcement; null while there is none. Costs no claim. */
  observe(options?: ObserveOptions): AsyncIterable<Leader | null>
  /** Who waits to lead, in the order in which they will where the store keeps one. */
  candidates(): Promise<readonly Candidate[]>
  health(): ElectionHealth
  /** Calls the listener for each event until the returned function is called. */
  on<Name extends keyof ElectionEvents>(name: Name, listener: (event: ElectionEvents[Name]) => void): () => void
}
