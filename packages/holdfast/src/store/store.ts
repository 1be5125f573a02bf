/**
 * The seam: what an engine must do, and nothing else. Stores take single steps — no loops, no sleeps, no retries,
 * no logs, no validation; those live once, in the client. The upkeep of a connection is the one loop a store may have.
 * How each step must behave is written as runnable cases in `testing/`, and a change here changes those cases, the
 * documentation and every store in one commit.
 */
import type { Clock } from '../time/clock.ts'
import type { Timers } from '../time/timer-queue.ts'
import type { Claim, Ref } from './claim.ts'
import type { StoreUnavailable } from './errors.ts'
import type { Facts } from './facts.ts'
import type { LineView, ResourcePage } from './line-view.ts'
import type { Hint, RenewAnswer, Standing } from './standing.ts'

/** An engine that is not connected yet. */
export interface Store {
  /** Connects, prepares the schema, probes the engine and subscribes. A failed open may be tried again. */
  open(environment: StoreEnvironment): Promise<OpenStore>
}

export interface OpenStore {
  /** What this store promises as it is configured now: it may change while the store is open. */
  readonly facts: Facts

  /** A store that polls and yet tells its own claims of what it did to their lines itself. @default false */
  readonly hearsItself?: boolean

  /**
   * The first ask, a re-read or a heartbeat, in one round trip where the engine can. It answers the claim's current
   * standing and never makes a second live claim for one id. A claim that once held and ended is `gone`, or new: never
   * revived. Standings of one claim only move forward: an answer that was overtaken by a push must not undo it, and of
   * two asks of one id either answer is good. The client asks again while the answer is not `held`, never afterwards;
   * and it ends every id that was not answered `refused` or `gone` with `leave`, so a store may keep state per id until
   * then. A claim is used through the store that it entered by.
   */
  enter(claim: Claim): Promise<Standing>

  /**
   * Prolongs holders and waiters alike, each judged on its own, answers in the same order. A holder's life is `ttlMs`
   * from now; a waiter's place is kept. Neither revives what has ended: that is `gone`. A failure of one is its own
   * answer and leaves the others theirs; a throw means all of them.
   */
  renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]>

  /**
   * Ends a claim by id, and by token where the ref has one, and hands the resource to the next in line. Idempotent;
   * accepts ids that never arrived. After expiry it answers `gone`, so a late leave cannot cut a lock-delay short.
   */
  leave(ref: Ref, options?: LeaveOptions): Promise<'left' | 'gone'>

  /**
   * Resolves when the claim stands elsewhere than this store last answered — also when that happened before the call — or
   * when the signal aborts (then with a hint). A standing may be used as it is; a hint only says "look again".
   * Never called where `facts.wakeUp` is `poll`, unless this store hears itself.
   */
  watch(ref: Ref, signal: AbortSignal): Promise<Standing | Hint>

  /**
   * For observers without a claim: resolves with another version once the line looks different from how it looked at the
   * version `seen` — also when that happened before the call — or with any version when the signal aborts. It may be
   * early or repeated. Never called where `facts.wakeUp` is `poll`.
   */
  observe(resource: string, seen: string, signal: AbortSignal): Promise<string>

  /** The line as it is now, for observers and operators; a resource without claims is an empty line. Changes nothing. */
  look(resource: string): Promise<LineView>

  /**
   * Resources with claims whose encoded key starts with `prefix`, at most `limit`, in an order that `cursor` resumes.
   * A page may be short or empty while there is a cursor, and a resource that comes and goes may be missed or repeated.
   */
  list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage>

  /** Ends the claim that holds with exactly this token, keeps tokens rising and tells the holder why. */
  evict(resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'>

  /**
   * For operators, where the engine can: puts the scale of all its tokens elsewhere, so that the next ones come right behind
   * `to`, and returns how it was before; without `to` it only looks. Up at any time; down only while no program uses the engine.
   */
  rebase?(to?: bigint): Promise<TokenScaleView>

  /** Ends subscriptions, connections and files the store opened itself; a client that was handed in stays open. Idempotent. */
  close(): Promise<void>
}

export interface TokenScaleView {
  /** The highest token that any lock of the engine may have had. */
  readonly highest: bigint
}

export interface StoreEnvironment {
  readonly clock: Clock
  /** One queue of timers for the client and its store. */
  readonly timers: Timers
  /** Aborts the opening. */
  readonly signal: AbortSignal
  /** To be called when the store promises something else than before: its server was replaced, or set up otherwise. */
  factsChanged?(facts: Facts): void
  /** To be called when something is wrong with a connection that no call need tell, or was until the store mended it. */
  troubled?(error: StoreUnavailable): void
  /** The answer of a call to the engine, or `OutcomeUnknown` when none came within the limit of one call. `what` names the call. */
  bounded<T>(call: Promise<T>, what: string): Promise<T>
}

export interface Renewal {
  readonly ref: Ref
  readonly ttlMs: number
  /** Replaces the claim's public data when given. */
  readonly note?: string
  /** From now on the claim belongs to no process: it lasts to its end although the one that entered it dies. @default false */
  readonly outlives?: boolean
}

export interface LeaveOptions {
  /** The weight goes on counting for this long: the rest of a minimum hold. @default 0 */
  readonly keepMs?: number
  /** An `enter` of this id is still without an answer and may arrive after this: a store whose claims live as long as a session must then refuse it. @default false */
  readonly outcomeUnknown?: boolean
}
