/** What a lock is, one grant or release at a time: the sequential objects that histories are compared with (after Jepsen's models for Hazelcast). */
import type { Interval, Model } from './linearizability.ts'

export interface LockStep extends Interval {
  readonly f: 'acquire' | 'release'
  readonly owner: string
  readonly weight: number
  readonly token: bigint
}

/** Held or free: any process may release. */
export const mutex: Model<boolean, LockStep> = {
  initial: false,
  step: (locked, { f }) => (locked === (f === 'release') ? !locked : undefined),
  key: String,
}

/** Only the holder releases. */
export const ownerAwareMutex: Model<string, LockStep> = {
  initial: '',
  step: (owner, operation) => {
    if (operation.f === 'acquire') return owner === '' ? operation.owner : undefined
    return owner === operation.owner ? '' : undefined
  },
  key: (owner) => owner,
}

interface Fenced {
  readonly owner: string
  readonly token: bigint
}

/** Each grant has a larger token than all before it. */
export const fencedMutex: Model<Fenced, LockStep> = {
  initial: { owner: '', token: 0n },
  step: ({ owner, token }, operation) => {
    if (operation.f === 'release') return owner === operation.owner ? { owner: '', token } : undefined
    return owner === '' && operation.token > token ? { owner: operation.owner, token: operation.token } : undefined
  },
  key: ({ owner, token }) => `${owner} ${token}`,
}

/** Weights of the holders up to a capacity: permits, and readers with a writer. */
export function permits(capacity: number): Model<ReadonlyMap<string, number>, LockStep> {
  return {
    initial: new Map(),
    step: (held, { f, owner, weight }) => {
      const next = new Map(held)
      if (f === 'release') return next.delete(owner) ? next : undefined
      const taken = [...held.values()].reduce((sum, one) => sum + one, 0)
      return held.has(owner) || taken + weight > capacity ? undefined : next.set(owner, weight)
    },
    key: (held) => [...held.keys()].toSorted().join(),
  }
}

/** The tokens alone: a counter that only rises, gaps allowed. */
export const risingTokens: Model<bigint, LockStep> = {
  initial: 0n,
  step: (last, { token }) => (token > last ? token : undefined),
  key: String,
}
