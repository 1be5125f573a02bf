/** A Holdfast client as a contestant. */
import type { Locks } from 'holdfast'
import type { Contestant } from './slices.ts'

export function holdfastLock(locks: Locks, names: readonly string[]): Contestant {
  return {
    async pair(turn) {
      const lease = await locks.acquire(names[turn % names.length] ?? '')
      if ((await lease.release()) !== 'released') throw new Error(`${lease.name} was lost while it was measured`)
    },
  }
}

export function namesOf(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}:${index}`)
}
