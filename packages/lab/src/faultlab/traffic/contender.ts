/**
 * A lock under test, as the lab sees it. Holdfast is one; the deliberately broken ones are others; a user's own is a
 * module that exports `openContender`, given with --lock.
 */
import type { Mode } from 'holdfast'

/** What is asked for: a mutex is 1 of 1, a permit k of n, a reader 1 of W, a writer W of W. */
export interface Form {
  readonly k: string
  readonly mode: Mode
  readonly weight: number
  readonly capacity: number
}

export interface Grant {
  /** A number that rises with every grant of the name; the resource compares it. */
  readonly token: bigint
  /** Whether the holder may go on, by its own knowledge, now. */
  isHeld(): boolean
  /** How long the holder may go on by its own clocks unless it hears otherwise. */
  remainingMs(): number
  /** Aborts when the lock is lost, for locks that tell. */
  readonly signal?: AbortSignal
  /** Answers what became of it: `released`, `expired` or `unknown`. */
  release(): Promise<string>
}

export interface Contender {
  /** Whether grants have a signal; without one a late notice cannot be judged. */
  readonly tells: boolean
  /** Waits at most so long; throws when there was no grant. */
  acquire(form: Form, waitMs: number): Promise<Grant>
  /** Gives everything back. */
  close(): Promise<void>
  /** What stands in the store at the end of a run, by name, for stores that can be asked. */
  leftovers?(forms: readonly Form[]): Promise<Readonly<Record<string, number>>>
}

/** What happens between two calls. */
export interface Notes {
  /** The lease was prolonged: `remainingMs` is counted from now. */
  extended(k: string, token: bigint, remainingMs: () => number): void
  lost(k: string, token: bigint): void
  /** A place in line is given up, whatever an ask that was overtaken by this still gets. */
  left(k: string, id: string): void
  /** A request at the store itself, such as a renewal. */
  call(f: string, k: string, input: Readonly<Record<string, string | number | boolean>>): StoreCall
  /** The point at which the process may be told to stop itself before it renews. */
  beforeRenewal(): void
}

export interface StoreCall {
  ok(out?: Readonly<Record<string, string | number | boolean>>): void
  fail(error: unknown): void
  /** Unknown. */
  info(): void
}

export interface ContenderOptions {
  /** Names the process in the store. */
  readonly process: string
  readonly storeUrl: string
  /** Keeps one run apart from another in the same store. */
  readonly namespace: string
  readonly ttlMs: number
  readonly notes: Notes
}

export type OpenContender = (options: ContenderOptions) => Promise<Contender>
