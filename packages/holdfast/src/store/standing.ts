/** Where a claim stands: what a store answers. */
import type { Stamp } from '../time/clock.ts'
import type { NotApplied, OutcomeUnknown, StoreUnavailable } from './errors.ts'

export type Standing = Held | Queued | Refused | Gone

export interface Held {
  readonly kind: 'held'
  /** Rises strictly per resource in grant order, belongs to the claim, never changes while it lives. */
  readonly token: bigint
  /**
   * What the life counts from. A grant that was answered: just before this request. A grant that was pushed: the stamp
   * of an earlier request plus the time that passed since on the engine's own clock. The client alone makes a deadline of it.
   */
  readonly askedAt: Stamp
  readonly lifeMs: number
  /** A pushed grant with a short first life: renew it soon. */
  readonly provisional: boolean
}

export interface Queued {
  readonly kind: 'queued'
  /** Claims waiting in front of this one; 0 is the head. It may be too high in a long line. Absent where the engine keeps no order. */
  readonly ahead?: number
  /**
   * For the next in line, or for every waiter where there is no order: the line may move without a message after this
   * long, so enter again then. It counts from this answer, also where the store answered from memory.
   */
  readonly recheckInMs?: number
  /** The place is dropped unless it is renewed within this time. Absent: the store keeps no place, there is nothing to renew. */
  readonly lifeMs?: number
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

/** "Look again": it may be early, repeated or lost. */
export interface Hint {
  readonly kind: 'hint'
}

/** The answer for one claim of a batch: where it stands, or why that is not known. */
export type RenewAnswer = Standing | NotApplied | OutcomeUnknown | StoreUnavailable

/** The part of a standing that is news when it changes. */
export type Situation = 'held' | 'head' | 'queued' | 'gone'

export function situationOf(standing: Pick<Standing, 'kind'> & { readonly ahead?: number }): Situation {
  switch (standing.kind) {
    case 'held':
      return 'held'
    case 'queued':
      return standing.ahead === 0 ? 'head' : 'queued'
    default:
      return 'gone'
  }
}
