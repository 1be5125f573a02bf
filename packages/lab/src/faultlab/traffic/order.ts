/** The order that a worker gets when it starts, and the names that all workers use. */
import type { Form } from './contender.ts'

/** Which lock is put to the test. */
export type LockChoice =
  | { readonly kind: 'holdfast' }
  | { readonly kind: 'broken'; readonly name: string }
  | { readonly kind: 'module'; readonly url: string }

export interface Order {
  /** Unique in the run: a worker that is started again gets a new one. */
  readonly process: string
  readonly lock: LockChoice
  readonly storeUrl: string
  readonly namespace: string
  readonly resourcePath: string
  /** The guarded data is on this Redis and not in the file. */
  readonly resourceUrl?: string
  readonly historyPath: string
  readonly ttlMs: number
  readonly seed: number
  readonly guard: boolean
  /** The store has no semaphores and no read/write locks. */
  readonly mutexesOnly?: boolean
  /** How many contend inside the process at the same time. */
  readonly loops: number
}

const READERS_CAPACITY = 2 ** 30
const PERMITS = 3

export const MUTEXES = ['seat', 'desk'] as const
export const POOL = 'pool'
export const BOOK = 'book'

export const mutexForm = (k: string): Form => ({ k, mode: 'exclusive', weight: 1, capacity: 1 })
export const permitForm = (weight: number): Form => ({ k: POOL, mode: 'permit', weight, capacity: PERMITS })
export const readerForm: Form = { k: BOOK, mode: 'shared', weight: 1, capacity: READERS_CAPACITY }
export const writerForm: Form = { ...readerForm, mode: 'exclusive', weight: READERS_CAPACITY }

/** Each lock taken whole, so that no other client can hold any of it; a store that has no more begins with the mutexes and ends there. */
export const wholeForms: readonly Form[] = [...MUTEXES.map(mutexForm), permitForm(PERMITS), writerForm]

/** What the driver tells a running worker, one word a line, beside the failpoints: to finish, and that no stop is to come. */
export const STOP_WORD = 'stop'
export const DISARM_WORD = 'disarm'

/** Before which step a worker may stop itself; random stops hardly ever hit these. */
export const failpoints = [
  'after-grant',
  'between-check-and-enter',
  'between-check-and-write',
  'before-renewal',
  'before-release',
] as const

export type Failpoint = (typeof failpoints)[number]

export function isFailpoint(word: string): word is Failpoint {
  return (failpoints as readonly string[]).includes(word)
}
