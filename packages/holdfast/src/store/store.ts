/**
 * The seam: what an engine must do, and nothing else. Stores take single steps — no loops, no sleeps, no retries,
 * no logs, no validation; those live once, in core. How each step must behave is written as runnable cases in
 * `testing/`, and a change here changes those cases, the documentation and every store in one commit.
 */
import type { Claim, Ref } from './claim.ts'
import type { Clock, Stamp } from '../time/clock.ts'
import type { NotApplied, OutcomeUnknown, StoreUnavailable } from './errors.ts'

export interface Store {
  /** Connects, prepares the schema, probes the engine and subscribes. Called once before anything else; a failed open may be tried again. */
  open(environment: StoreEnvironment): Promise<Facts>

  /** Ends subscriptions, connections and files the store opened itself; a client that was handed in stays open. Idempotent. */
  close(): Promise<void>

  /**
   * The first ask, a re-read or a heartbeat, in one round trip where the engine can. It answers the claim's current
   * standing and never makes a second live claim for one id. A claim that once held and ended is `gone`, or new: never
   * revived. Standings of one claim only move forward: an answer that was overtaken by a push must not undo it, and of
   * two asks of one id either answer is good. Core asks again while the answer is not `held`, never afterwards; and it ends every id that was not
   * answered `refused` or `gone` with `leave`, so a store may keep state per id until then.
   */
  enter(claim: Claim): Promise<Standing>

  /**
   * Prolongs holders and waiters alike, each judged by itself, answers in the same order. A holder's life is `ttlMs`
   * from now; a waiter's place is kept. Neither revives what has ended: that is `gone`. A failure of one is its own
   * answer and leaves the others theirs; a throw means all of them.
   */
  renew(renewals: readonly Renewal[]): Promise<readonly RenewAnswer[]>

  /**
   * Resolves when the situation differs from the one `memo` describes — also when it changed before the call — or
   * when the signal aborts (then with a hint). A standing may be used as it is; a hint only says "look again" and may
   * be early, repeated or lost. With a claim it serves waiters and holders; with a bare resource observers, who get
   * hints only. Never called where `facts.wakeUp` is `poll`.
   */
  watch(subject: Subject, memo: Memo, signal: AbortSignal): Promise<Standing | Hint>

  /** The line as it is now, for observers and operators; a resource nobody claims is an empty line. Changes nothing. */
  look(resource: string): Promise<LineView>

  /**
   * Ends a claim by id, and by token where the ref has one, and hands the resource to the next in line. Idempotent;
   * accepts ids that never arrived. After expiry it answers `gone`, so a late leave cannot cut a lock-delay short.
   */
  leave(ref: Ref, options?: LeaveOptions): Promise<'left' | 'gone'>

  /** For operators; no lock needs it. */
  readonly admin: StoreAdmin
}

export interface StoreEnvironment {
  readonly clock: Clock
  /** Aborts the opening. */
  readonly signal: AbortSignal
}

export interface Renewal {
  readonly ref: Ref
  readonly ttlMs: number
  /** Replaces the claim's public data when given. */
  readonly note?: string
}

export interface LeaveOptions {
  /** The weight goes on counting for this long: the rest of a minimum hold. @default 0 */
  readonly keepMs?: number
  /** An `enter` of this id is still without an answer and may arrive after this: a store whose claims live as long as a session must then refuse it. @default false */
  readonly outcomeUnknown?: boolean
}

/** The answer for one claim of a batch: where it stands, or why that is not known. */
export type RenewAnswer = Standing | NotApplied | OutcomeUnknown | StoreUnavailable

/** A claim, or a bare resource watched by somebody without a claim. */
export type Subject = Ref | { readonly resource: string }

/** What a store needs to tell "changed since then"; opaque to core, which hands back what the last standing carried. */
export type Memo = string

export interface Hint {
  readonly kind: 'hint'
  /** For the next watch of the same subject. */
  readonly memo: Memo
}

/** Where a claim stands. */
export type Standing = Held | Queued | Refused | Gone

export interface Held {
  readonly kind: 'held'
  /** Rises strictly per resource in grant order, belongs to the claim, never changes while it lives. */
  readonly token: bigint
  /**
   * What the life counts from. A grant that was answered: just before this request. A grant that was pushed: the stamp
   * of an earlier request plus the time that passed since on the engine's own clock. Core alone makes a deadline of it.
   */
  readonly askedAt: Stamp
  readonly lifeMs: number
  /** A pushed grant with a short first life: renew it soon. */
  readonly provisional: boolean
  readonly memo: Memo
}

export interface Queued {
  readonly kind: 'queued'
  /** Claims waiting in front of this one; 0 is the head. Absent where the engine keeps no order. */
  readonly ahead?: number
  /** To those who would be next, or to everybody where there is no order: the line may move without a message after this long, so enter again then. */
  readonly recheckInMs?: number
  /** The place is dropped unless it is renewed within this time. Absent: the store keeps no place, there is nothing to renew. */
  readonly lifeMs?: number
  readonly memo: Memo
}

export interface Refused {
  readonly kind: 'refused'
  /** `busy`: it would have to wait. `capacity`: the line has another capacity. `full`: too many are waiting. */
  readonly because: 'busy' | 'capacity' | 'full'
  /** The capacity the line really has, with `capacity`. */
  readonly capacity?: number
  readonly recheckInMs?: number
}

export interface Gone {
  readonly kind: 'gone'
  /** Why, where the store knows: the words of an eviction. */
  readonly reason?: string
}

export interface StoreAdmin {
  /**
   * Resources with claims whose encoded key starts with `prefix`, at most `limit`, in an order that `cursor` resumes.
   * A page may be short or empty while there is a cursor, and a resource that comes and goes may be missed or repeated.
   */
  list(prefix: string, cursor: string | undefined, limit: number): Promise<ResourcePage>
  /** Ends the claim that holds with exactly this token, keeps tokens rising and tells the holder why. */
  evict(resource: string, token: bigint, reason: string): Promise<'evicted' | 'gone'>
}

export interface ResourcePage {
  readonly resources: readonly string[]
  /** Present when there is more. */
  readonly cursor?: string
}

export interface LineView {
  readonly resource: string
  /** The highest token ever granted here, 0 when unknown. */
  readonly lastToken: bigint
  /** Absent while nobody claims. */
  readonly capacity?: number
  /** Oldest first. */
  readonly claims: readonly ClaimView[]
  /** For `watch({ resource }, memo)`: tells what has been seen. */
  readonly memo: Memo
}

export interface ClaimView {
  /** The first eight characters of the id: enough to tell claims apart, useless to release one. */
  readonly id: string
  readonly state: 'held' | 'waiting' | 'lingering'
  readonly weight: number
  readonly token?: bigint
  /** Until the lease, the waiter's place or the lock-delay ends; absent where the engine cannot know. */
  readonly endsInMs?: number
  readonly owner: string
  readonly note: string
}

export type SafetyClass = 'consensus' | 'durable' | 'best-effort'

/** From the least to the most. */
export const CLASS_ORDER: readonly SafetyClass[] = ['best-effort', 'durable', 'consensus']

/** Promises as data. Documentation and the command line print this very object. */
export interface Facts {
  /** The engine and its version, for people. */
  readonly engine: string
  readonly safetyClass: SafetyClass
  /** Why the class is what it is, one sentence each; a class lowered by the probe says so here. */
  readonly reasons: readonly string[]
  /** Whose clock judges expiry. */
  readonly clock: string
  /** `engine`: the engine ends a lease by itself. `observed`: each contender waits a whole ttl from its own first sight of a dead holder. */
  readonly expiry: 'engine' | 'observed'
  /** Where tokens come from and what they survive. */
  readonly tokens: string
  readonly order: 'fifo' | 'none'
  readonly wakeUp: 'push' | 'poll'
  readonly ttl: {
    readonly per: 'claim' | 'session'
    readonly granularityMs: number
    readonly minMs: number
    readonly maxMs: number
  }
  /** What can take a lock away from a holder that renews in time; empty when nothing can. */
  readonly lockRisks: readonly string[]
  /** What can make a token not rise; empty when nothing can. */
  readonly tokenRisks: readonly string[]
  /** What this store cannot carry, each with its reason: checked when a recipe is made. */
  readonly unsupported: {
    readonly semaphore?: string
    readonly readWrite?: string
    readonly members?: string
    readonly minimumHold?: string
    readonly lockDelay?: string
  }
}
