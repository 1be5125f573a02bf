/** Promises as data. Documentation and the command line print this very object. */

export type SafetyClass = 'consensus' | 'durable' | 'best-effort'

/** From the least to the most. */
export const CLASS_ORDER: readonly SafetyClass[] = ['best-effort', 'durable', 'consensus']

export interface Facts {
  /** The engine and its version, for people. */
  readonly engine: string
  readonly safetyClass: SafetyClass
  /** Why the class is what it is, one sentence each; a class lowered by the probe says so here. */
  readonly reasons: readonly string[]
  /** Whose clock judges expiry. */
  readonly clock: string
  /** `engine`: the engine ends a lease on its own. `observed`: each contender waits a whole ttl from its own first sight of a dead holder. */
  readonly expiry: 'engine' | 'observed'
  /** Where tokens come from and what they survive. */
  readonly tokens: string
  /** `clock`: a token is the time of the store at the grant in µs, or later where it has to rise. @default 'counter' */
  readonly tokenScale?: 'clock' | 'counter'
  readonly order: 'fifo' | 'none'
  readonly wakeUp: 'push' | 'poll'
  readonly ttl: {
    readonly per: 'claim' | 'session'
    /** A ttl is rounded up to a multiple of this. */
    readonly granularityMs: number
    readonly minMs: number
    readonly maxMs: number
    /** How long after its end a lease may still keep the next claim out. @default granularityMs */
    readonly takeoverMs?: number
  }
  /** Claims of a process that was killed end before their ttl, but for those that were renewed with `outlives`. @default false */
  readonly endsWithProcess?: boolean
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
