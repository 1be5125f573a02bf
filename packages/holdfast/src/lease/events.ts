/** What happens to a wait and to a lease, as events: each is also published on a diagnostics channel `holdfast:<event>`. */
import type { Facts } from '../store/facts.ts'
import type { ReleaseOutcome } from './lease.ts'

/** Every event, and when it fires. Times are milliseconds. */
export interface EventMap {
  /** The store promises something else than before: its server was replaced, or set up otherwise, and a connection was made anew. */
  readonly facts: { readonly facts: Facts; readonly before: Facts }
  /** Something is wrong with a connection to the store that no call need tell, or was until the store mended it; in words. */
  readonly trouble: { readonly error: unknown }
  /** The store does not open yet, and is asked again. With each try, `askedMs` after the first. */
  readonly opening: { readonly error: unknown; readonly askedMs: number }
  /** A claim has to wait: it entered the line behind others. Again when it lost its place and stands in line anew. */
  readonly waiting: { readonly name: string; readonly ahead: number | undefined }
  /** A lock was granted to this client. */
  readonly acquired: { readonly name: string; readonly token: bigint; readonly waitedMs: number }
  /** A wait ended without the lock: timed out, aborted, or refused at once. */
  readonly refused: {
    readonly name: string
    readonly waitedMs: number
    readonly because: 'busy' | 'timeout' | 'aborted' | 'failed'
  }
  /** A renewal was acknowledged. `lateMs` is how long after its due time it was sent. */
  readonly renewed: { readonly name: string; readonly token: bigint; readonly lateMs: number }
  /** A renewal failed and the lease still has `remainingMs`. */
  readonly jeopardy: {
    readonly name: string
    readonly token: bigint
    readonly remainingMs: number
    readonly error: unknown
  }
  /** A lease was lost before it was released. */
  readonly lost: { readonly name: string; readonly token: bigint; readonly reason: string }
  /** A lease was given back. */
  readonly released: {
    readonly name: string
    readonly token: bigint
    readonly heldMs: number
    readonly outcome: ReleaseOutcome
  }
}

export type EventName = keyof EventMap

/** Where events go. */
export interface EventSink {
  emit<Name extends EventName>(name: Name, event: EventMap[Name]): void
}
