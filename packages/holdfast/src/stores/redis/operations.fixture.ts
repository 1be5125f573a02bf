/** What happens to the two lines of the twins, at random: mostly to the first of them, so that it gets crowded. */
import fc from 'fast-check'

export type TokenChoice = 'none' | 'right' | 'wrong'

export const HOUR_MS = 3_600_000

/** Which of the two lines. */
export type Which = 0 | 1

export interface Entering {
  readonly line: Which
  readonly id: string
  readonly weight: number
  readonly otherCapacity: boolean
  readonly ttlMs: number
  readonly lockDelayMs: number
  readonly queue: boolean
}

export interface Leaving {
  readonly line: Which
  readonly id: string
  readonly keepMs: number
  readonly token: TokenChoice
}

export interface Renewing {
  readonly line: Which
  readonly id: string
  readonly ttlMs: number
  readonly token: TokenChoice
  readonly note: string | undefined
}

export type Operation =
  | { readonly kind: 'enter'; readonly batch: readonly Entering[] }
  | { readonly kind: 'renew'; readonly batch: readonly Renewing[] }
  | { readonly kind: 'leave'; readonly batch: readonly Leaving[] }
  | { readonly kind: 'evict'; readonly line: Which; readonly id: string; readonly token: TokenChoice }
  | { readonly kind: 'observe'; readonly line: Which }
  | { readonly kind: 'pass'; readonly ms: number }

/** Some come often, so that most of what is asked is about a claim that is there. */
const id = fc.constantFrom(...'aaabbbccdde'.split('')).map((letter) => letter.repeat(32))
const line = fc.constantFrom(0 as const, 0 as const, 0 as const, 1 as const)
const ttlMs = fc.constantFrom(100, 1_000, 5_000, 20_000)
const token = fc.constantFrom('none' as const, 'right' as const, 'right' as const, 'right' as const, 'wrong' as const)
const note = fc.constantFrom(undefined, undefined, '', 'news | "of" the day')
const weight = fc.nat(4)
const otherCapacity = fc.nat(7).map((drawn) => drawn === 0)
const lockDelayMs = fc.constantFrom(0, 0, 700)
const queue = fc.constantFrom(true, true, true, false)
const keepMs = fc.constantFrom(0, 0, 900)

function batchOf<T>(each: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  return fc.oneof(
    { weight: 2, arbitrary: fc.tuple(each) },
    { weight: 1, arbitrary: fc.array(each, { minLength: 2, maxLength: 4 }) },
  )
}

const entering = batchOf(fc.record({ line, id, weight, otherCapacity, ttlMs, lockDelayMs, queue }))
const renewing = batchOf(fc.record({ line, id, ttlMs, token, note }))
const leaving = batchOf(fc.record({ line, id, keepMs, token }))
const evicting = fc.constantFrom('right' as const, 'right' as const, 'wrong' as const)
/** The wall clock of a server may be set back. */
const passing = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(1, 99, 100, 450) },
  { weight: 4, arbitrary: fc.constantFrom(3_000, 15_000, -450) },
  { weight: 1, arbitrary: fc.constantFrom(50_000, -HOUR_MS) },
)

export const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 14, arbitrary: entering.map((batch) => ({ kind: 'enter', batch }) as const) },
  { weight: 5, arbitrary: renewing.map((batch) => ({ kind: 'renew', batch }) as const) },
  { weight: 5, arbitrary: leaving.map((batch) => ({ kind: 'leave', batch }) as const) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('evict' as const), line, id, token: evicting }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('observe' as const), line }) },
  { weight: 6, arbitrary: passing.map((ms) => ({ kind: 'pass', ms }) as const) },
)

const alone = { line: 0, weight: 1, otherCapacity: false, lockDelayMs: 0, queue: true } as const

/** On a line for one. Chance seldom leaves a dead waiter between two living ones. */
export const deadInTheMiddle: readonly Operation[] = [
  { kind: 'enter', batch: [{ ...alone, id: 'a', ttlMs: 20_000 }] },
  { kind: 'enter', batch: [{ ...alone, id: 'b', ttlMs: 20_000 }] },
  { kind: 'enter', batch: [{ ...alone, id: 'c', ttlMs: 100 }] },
  { kind: 'pass', ms: 3_000 },
  { kind: 'enter', batch: [{ ...alone, id: 'd', ttlMs: 20_000 }] },
  { kind: 'leave', batch: [{ line: 0, id: 'a', keepMs: 0, token: 'right' }] },
]

/** The only claim of a line, taken the long way and then the short one, is over when it is left, renewed, asked for again. */
export const lateAlone: readonly Operation[] = [
  { kind: 'enter', batch: [{ ...alone, id: 'a', ttlMs: 1_000 }] },
  { kind: 'leave', batch: [{ line: 0, id: 'a', keepMs: 0, token: 'right' }] },
  { kind: 'enter', batch: [{ ...alone, id: 'b', ttlMs: 100 }] },
  { kind: 'pass', ms: 450 },
  { kind: 'leave', batch: [{ line: 0, id: 'b', keepMs: 0, token: 'right' }] },
  { kind: 'enter', batch: [{ ...alone, id: 'c', ttlMs: 100 }] },
  { kind: 'pass', ms: 450 },
  { kind: 'renew', batch: [{ line: 0, id: 'c', ttlMs: 100, token: 'right', note: undefined }] },
  { kind: 'enter', batch: [{ ...alone, id: 'c', ttlMs: 100 }] },
]

/** The only claim of a line is evicted, and again while it lingers. */
export const evictedTwice: readonly Operation[] = [
  { kind: 'enter', batch: [{ ...alone, id: 'a', ttlMs: 5_000 }] },
  { kind: 'evict', line: 0, id: 'a', token: 'right' },
  { kind: 'evict', line: 0, id: 'a', token: 'right' },
]

/** A free line that was taken before the clock was set back: the next token is above the last all the same. */
export const setBack: readonly Operation[] = [
  { kind: 'enter', batch: [{ ...alone, id: 'a', ttlMs: 1_000 }] },
  { kind: 'leave', batch: [{ line: 0, id: 'a', keepMs: 0, token: 'right' }] },
  { kind: 'pass', ms: -700 },
  { kind: 'enter', batch: [{ ...alone, id: 'b', ttlMs: 1_000 }] },
]

/** Observers that a free line was deleted with are not there again because the clock was set back. */
export const observedLongAgo: readonly Operation[] = [
  { kind: 'observe', line: 0 },
  { kind: 'enter', batch: [{ ...alone, id: 'a', ttlMs: 1_000 }] },
  { kind: 'pass', ms: 61_000 },
  { kind: 'enter', batch: [{ ...alone, id: 'b', ttlMs: 1_000 }] },
  { kind: 'leave', batch: [{ line: 0, id: 'b', keepMs: 0, token: 'right' }] },
  { kind: 'pass', ms: -HOUR_MS },
  { kind: 'enter', batch: [{ ...alone, id: 'c', ttlMs: 1_000 }] },
]

/** The only claim of a line, taken the short way, is left and renewed with the token of another. */
export const mistakenAlone: readonly Operation[] = [
  { kind: 'enter', batch: [{ ...alone, id: 'a', ttlMs: 1_000 }] },
  { kind: 'leave', batch: [{ line: 0, id: 'a', keepMs: 0, token: 'right' }] },
  { kind: 'enter', batch: [{ ...alone, id: 'b', ttlMs: 5_000 }] },
  { kind: 'renew', batch: [{ line: 0, id: 'b', ttlMs: 5_000, token: 'wrong', note: undefined }] },
  { kind: 'leave', batch: [{ line: 0, id: 'b', keepMs: 0, token: 'wrong' }] },
  { kind: 'enter', batch: [{ ...alone, id: 'c', ttlMs: 5_000 }] },
]

/** What lingers without weight does not keep the line from another capacity. */
export const twoCapacities: readonly Operation[] = [
  { kind: 'enter', batch: [{ ...alone, id: 'a', weight: 0, ttlMs: 5_000 }] },
  { kind: 'leave', batch: [{ line: 0, id: 'a', keepMs: 900, token: 'right' }] },
  { kind: 'enter', batch: [{ ...alone, id: 'b', otherCapacity: true, ttlMs: 5_000 }] },
  { kind: 'enter', batch: [{ ...alone, id: 'c', ttlMs: 5_000 }] },
  { kind: 'enter', batch: [{ ...alone, id: 'd', otherCapacity: true, ttlMs: 5_000 }] },
  { kind: 'renew', batch: [{ line: 0, id: 'b', ttlMs: 5_000, token: 'right', note: '' }] },
  { kind: 'observe', line: 0 },
  { kind: 'enter', batch: [{ ...alone, id: 'e', otherCapacity: true, ttlMs: 5_000, queue: false }] },
  { kind: 'leave', batch: [{ line: 0, id: 'b', keepMs: 0, token: 'right' }] },
]
