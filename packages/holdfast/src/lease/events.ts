/** What happens to a wait and to a lease, as events: each is also published on a diagnostics channel `holdfast:<event>`. */
import type { Facts } from '../store/facts.ts'
import type { Mode, ReleaseOutcome } from './lease.ts'

/** What every event of a wait or a lease says of itself. */
export interface LockEvent {
  readonly namespace: string
  readonly name: string
  readonly mode: Mode
  /** Counts the attempts of this process: two waits for one name differ in it, and a lease keeps that of its wait. */
  readonly attempt: number
}

/** What every event of a client's connection says of itself. */
export interface ClientEvent {
  readonly namespace: string
}

/** For listeners that trace: lets the claim carry a trace, which `inspect` shows in every process. */
export interface TraceCarrier {
  /**
   * Lets the claim carry this W3C `traceparent`, which is public and decides nothing. Call it while the listener runs: then it
   * travels with the ask, and that of `acquired` with the first renewal. Throws `Misuse` for what is none.
   */
  carry(trace: string): void
}

/** Every event, and when it fires. Times are milliseconds. */
export interface EventMap {
  /** The store promises something else than before: its server was replaced, or set up otherwise, and a connection was made anew. */
  readonly facts: ClientEvent & { readonly facts: Facts; readonly before: Facts }
  /** Something is wrong with a connection to the store that no call need tell, or was until the store mended it; in words. */
  readonly trouble: ClientEvent & { readonly error: unknown }
  /** The store does not open yet, and is asked again. With each try, `askedMs` after the first. */
  readonly opening: ClientEvent & { readonly error: unknown; readonly askedMs: number }
  /** A call asks for a lock: fires inside the call, before anything is sent. `acquired` or `refused` ends the attempt. */
  readonly asked: LockEvent & TraceCarrier
  /** A claim has to wait: it entered the line behind others. Again when it lost its place and stands in line anew. */
  readonly waiting: LockEvent & { readonly ahead: number | undefined }
  /** A lock was granted to this client. */
  readonly acquired: LockEvent & TraceCarrier & { readonly token: bigint; readonly waitedMs: number }
  /** A wait ended without the lock: timed out, aborted, or refused at once. */
  readonly refused: LockEvent & {
    readonly waitedMs: number
    readonly because: 'busy' | 'timeout' | 'aborted' | 'failed'
  }
  /** A renewal was acknowledged. `lateMs` is how long after its due time it was sent. */
  readonly renewed: LockEvent & { readonly token: bigint; readonly lateMs: number }
  /** A renewal failed and the lease still has `remainingMs`. */
  readonly jeopardy: LockEvent & { readonly token: bigint; readonly remainingMs: number; readonly error: unknown }
  /** A lease was lost before it was released: `because` for programs, `reason` for people. */
  readonly lost: LockEvent & {
    readonly token: bigint
    readonly heldMs: number
    readonly because: LossCause
    readonly reason: string
  }
  /** A lease was given back. */
  readonly released: LockEvent & {
    readonly token: bigint
    readonly heldMs: number
    readonly outcome: ReleaseOutcome
  }
}

/**
 * `deadline`: no renewal was confirmed in time. `expired`: the store no longer knows the claim. `evicted`: by an operator.
 * `closed`: its client was closed.
 */
export type LossCause = 'deadline' | 'expired' | 'evicted' | 'closed'

export type EventName = keyof EventMap

/** Where events go. */
export interface EventSink {
  /** Whether there is a listener: without one an event need not be put into words. */
  hears(name: EventName): boolean
  emit<Name extends EventName>(name: Name, event: EventMap[Name]): void
}
