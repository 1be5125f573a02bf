/** Mistakes that real locks were published with, each switched on alone, so that the lab can show that it finds it. */
import type { Property } from '../../judge/violation.ts'

export interface Flaw {
  readonly what: string
  /** At least one of these is broken. */
  readonly finds: readonly Property[]
}

export type FlawName =
  | 'none'
  | 'no-owner-check'
  | 'check-then-set'
  | 'client-clock'
  | 'renews-the-dead'
  | 'no-deadline'
  | 'token-per-process'
  | 'never-tells'

export const flaws: Readonly<Record<FlawName, Flaw>> = {
  none: { what: 'no flaw at all: the same lock as it should be, in which nothing may be found', finds: [] },
  'no-owner-check': {
    what: 'release frees the lock whoever holds it by now (SET NX, then DEL)',
    finds: ['V'],
  },
  'check-then-set': {
    what: 'looks whether the lock is free and takes it in two steps (GET, then SET)',
    finds: ['V', 'T'],
  },
  'client-clock': {
    what: 'each client judges by its own wall clock whether the lease of another is over; the clocks differ by a lease',
    finds: ['V'],
  },
  'renews-the-dead': {
    what: 'renewal asks neither who owns the lock nor whether it is over (PEXPIRE alone)',
    finds: ['R', 'V'],
  },
  'no-deadline': {
    what: 'the holder never looks at its own clock, it believes in the lock until it is told otherwise',
    finds: ['U'],
  },
  'token-per-process': {
    what: 'each process counts its tokens by itself',
    finds: ['T'],
  },
  'never-tells': {
    what: 'the holder is not told that its lock is lost',
    finds: ['N'],
  },
}

export function isFlaw(name: string): name is FlawName {
  return Object.hasOwn(flaws, name)
}
