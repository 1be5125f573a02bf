/** Mistakes that real locks were published with, each switched on alone, so that the lab can show that it finds it. */
import type { Property } from '../../judge/violation.ts'

export type BrokenPlace = 'sqlite' | 'redis' | 'redlock' | 'etcd'

export interface Flaw {
  readonly what: string
  /** Where such a lock was built: a table of SQLite, keys of Redis, keys on several servers, a lease of etcd. */
  readonly on: readonly BrokenPlace[]
  /** At least one of these is broken. */
  readonly finds: readonly Property[]
  /** The faults under which it shows. @default `pause,kill` */
  readonly under?: string
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
  | 'expiry-in-two-steps'
  | 'token-after-grant'
  | 'token-counter'
  | 'late-quorum'
  | 'lock-rpc'

export const flaws: Readonly<Record<FlawName, Flaw>> = {
  none: {
    on: ['sqlite', 'redis'],
    what: 'no flaw at all: the same lock as it should be, in which nothing may be found',
    finds: [],
  },
  'no-owner-check': {
    on: ['sqlite', 'redis'],
    what: 'release frees the lock whoever holds it by now (SET NX, then DEL)',
    finds: ['V'],
  },
  'check-then-set': {
    on: ['sqlite', 'redis'],
    what: 'looks whether the lock is free and takes it in two steps (GET, then SET)',
    finds: ['V', 'T'],
  },
  'client-clock': {
    on: ['sqlite'],
    what: 'each client judges by its own wall clock whether the lease of another is over; the clocks differ by a lease',
    finds: ['V'],
  },
  'renews-the-dead': {
    on: ['sqlite', 'redis'],
    what: 'renewal asks neither who owns the lock nor whether it is over (PEXPIRE alone)',
    finds: ['R', 'V'],
  },
  'no-deadline': {
    on: ['sqlite', 'redis'],
    what: 'the holder never looks at its own clock, it believes in the lock until it is told otherwise',
    finds: ['U', 'N'],
  },
  'token-per-process': {
    on: ['sqlite', 'redis'],
    what: 'each process counts its tokens by itself',
    finds: ['T'],
  },
  'never-tells': {
    on: ['sqlite', 'redis'],
    what: 'the holder is not told that its lock is lost',
    finds: ['N'],
  },
  'expiry-in-two-steps': {
    on: ['redis'],
    what: 'takes the lock and says in a second step how long (SETNX, then EXPIRE): who dies in between holds it for ever',
    finds: ['A'],
    under: 'kill',
  },
  'token-after-grant': {
    on: ['redis'],
    what: 'takes the lock, asks for the token in a second step (SET, then INCR) and counts its lease from then',
    under: 'pause,delay',
    finds: ['V', 'T', 'G', 'G″'],
  },
  'token-counter': {
    on: ['redis'],
    what: 'the token is a counter in the store (INCR), which starts again when the store lost it',
    under: 'pause,kill,wipe',
    finds: ['T'],
  },
  'late-quorum': {
    on: ['redlock'],
    what: 'asks several servers, waits for the last one, does not look how long that took, and has no token that all know',
    under: 'pause-server',
    finds: ['V', 'T'],
  },
  'lock-rpc': {
    on: ['etcd'],
    what: 'takes the answer of the Lock RPC for the lock: a waiter whose lease ended while it waited is answered, too',
    under: 'pause',
    finds: ['V', 'T'],
  },
}

export function isFlaw(name: string): name is FlawName {
  return Object.hasOwn(flaws, name)
}
