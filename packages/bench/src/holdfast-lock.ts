/** A Holdfast client as a contestant. */
import type { Locks } from 'holdfast'
import type { Contestant } from './slices.ts'

export function holdfastLock(locks: Locks, nameOf: NameOf): Contestant {
  return {
    async pair(turn) {
      const lease = await locks.acquire(nameOf(turn))
      if ((await lease.release()) !== 'released') throw new Error(`${lease.name} was lost while it was measured`)
    },
  }
}

/** What the lock of a turn is called. */
export type NameOf = (turn: number) => string

/** The same ones again and again, as programs do that guard a few things. */
export function inTurn(names: readonly string[]): NameOf {
  return (turn) => names[turn % names.length] ?? ''
}

/** The usual name is a new one: an order, a payment, a row. */
export function neverUsed(): NameOf {
  let used = 0
  return () => `fresh:${(used += 1)}`
}

export function namesOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}:${index}`)
}
