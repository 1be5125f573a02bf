/** What a conformance case is: data with a function, so that any test runner, or none, can carry it out. */
import type { Clock } from '../time/clock.ts'
import type { OpenStore } from '../store/store.ts'
import type { Facts } from '../store/facts.ts'

/**
 * What a case takes for granted and `facts` may deny: a store that lacks it is excepted from the case, with the reason
 * its facts give. `claim-ttl`: each claim has a life of its own. `order`: first come, first served. `push`: it watches.
 */
export type Need = keyof Facts['unsupported'] | 'claim-ttl' | 'order' | 'push'

export interface Case {
  /** The rule it belongs to: the name of its file. */
  readonly rule: string
  /** A sentence about behaviour, different from all others. */
  readonly name: string
  /** A defect that shipped in some lock library and that this case would have caught. */
  readonly trap?: string
  readonly needs?: readonly Need[]
  /** Rejects with an `AssertionError` when the store does not do what the name says. */
  run(context: Context): Promise<void>
}

/** What a case is given: one engine of its own (or a part of one that no other case uses), and time. */
export interface Context {
  /** An opened store; each call is another client of the same engine. It is closed when the case ends. */
  connect(clock?: Clock): Promise<OpenStore>
  readonly facts: Facts
  readonly clock: Clock
  /** Lets time pass: at once where the engine follows the given clock, by waiting otherwise. */
  advance(ms: number): Promise<void>
  /** An encoded resource that no other case uses; the same one for the same name within a case. */
  resource(name?: string): string
  /** The encoded start that all resources of this case have in common, and no other has. */
  prefix(name?: string): string
  /** A lease that does not end by itself during a case. */
  readonly longMs: number
  /** A lease short enough to wait for its end. */
  readonly shortMs: number
}

/** Makes the cases of one file; the rule is said once. */
export function casesOf(rule: string, cases: readonly Omit<Case, 'rule'>[]): readonly Case[] {
  return cases.map((each) => ({ ...each, rule }))
}

/** Why a store need not pass a case, in the words of its facts; `undefined` when it must. */
export function exceptionOf({ needs = [] }: Case, facts: Facts): string | undefined {
  for (const need of needs) {
    const reason = reasonAgainst(need, facts)
    if (reason !== undefined) return reason
  }
  return undefined
}

function reasonAgainst(need: Need, facts: Facts): string | undefined {
  switch (need) {
    case 'order':
      return facts.order === 'fifo' ? undefined : 'it keeps no order among waiters (facts.order)'
    case 'push':
      return facts.wakeUp === 'push' ? undefined : 'it cannot push, so nothing ever watches it (facts.wakeUp)'
    case 'claim-ttl':
      return facts.ttl.per === 'claim' ? undefined : 'its claims live as long as their session (facts.ttl.per)'
    default:
      return facts.unsupported[need]
  }
}
