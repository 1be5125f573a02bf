/**
 * What must hold under which fault, as a table: without it a lab either cries wolf or learns to look away. What is not
 * listed here must hold. Nothing is listed for a run without a guard: that it breaks is the reason for having one.
 */
import type { Property } from '../judge/violation.ts'

export interface Excuse {
  readonly scheme: string
  readonly fault: string
  readonly property: Property
  readonly because: string
}

const twoFiles = 'deleting the lock file makes a new, empty one, in which those who hold by the old one are unknown'

export const excuses: readonly Excuse[] = [
  {
    scheme: 'sqlite',
    fault: 'wipe',
    property: 'V',
    because: `${twoFiles}; they hear of it at their next renewal, a third of the lease later`,
  },
  { scheme: 'sqlite', fault: 'wipe', property: 'F', because: `${twoFiles}; so the line starts anew` },
]

export function excusesOf(scheme: string, faults: readonly string[]): ReadonlyMap<Property, Excuse> {
  const fitting = excuses.filter((excuse) => excuse.scheme === scheme && faults.includes(excuse.fault))
  return new Map(fitting.map((excuse) => [excuse.property, excuse]))
}

/**
 * How long after healing a lock may stand free although somebody waits. SQLite: a lease that was cut short, a grant
 * that was pushed to somebody who is gone (3 s), and a busy machine.
 */
const FREE_MS_BEYOND_LEASE: ReadonlyMap<string, number> = new Map([['sqlite', 4_000]])
const FREE_MS_BEYOND_LEASE_ELSEWHERE = 20_000

export function graceMs(scheme: string, ttlMs: number): number {
  return ttlMs * 2 + (FREE_MS_BEYOND_LEASE.get(scheme) ?? FREE_MS_BEYOND_LEASE_ELSEWHERE)
}

/** How late a timer may be in a process that is not stopped, on a machine that has more processes than cores. */
export const LATE_MS = 500

/** Fewer grants of a lock than this show nothing. */
export const GRANTS_MIN = 10
