/** What must be true of every line after every step, whatever the steps were. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Claim } from '../store/claim.ts'
import { PROVISIONAL_LIFE_MS } from '../store/limits.ts'
import { emptyLine, holding, type Line, type LineClaim } from './line.ts'
import {
  enterLine,
  evictFromLine,
  leaveLine,
  type Moment,
  type ClaimState,
  claimStateOf,
  renewInLine,
  type LineStep,
  sweep,
} from './transition.ts'

const ids = ['a', 'b', 'c', 'd', 'e', 'f']
const id = fc.constantFrom(...ids)
const ttlMs = fc.constantFrom(100, 1_000, 5_000)

type Operation =
  | {
      readonly kind: 'enter'
      readonly id: string
      readonly weight: number
      readonly ttlMs: number
      readonly lockDelayMs: number
      readonly queue: boolean
    }
  | { readonly kind: 'renew'; readonly id: string; readonly ttlMs: number; readonly token: 'none' | 'right' | 'wrong' }
  | { readonly kind: 'leave'; readonly id: string; readonly keepMs: number; readonly token: 'none' | 'right' | 'wrong' }
  | { readonly kind: 'evict'; readonly id: string }
  | { readonly kind: 'pass'; readonly ms: number; readonly wallMs: number }

const token = fc.constantFrom('none' as const, 'right' as const, 'wrong' as const)
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('enter' as const),
      id,
      weight: fc.nat(4),
      ttlMs,
      lockDelayMs: fc.constantFrom(0, 0, 700),
      queue: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('renew' as const), id, ttlMs, token }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('leave' as const), id, keepMs: fc.constantFrom(0, 0, 900), token }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('evict' as const), id }) },
  // Both clocks may be set back: the engine's own is a wall clock on a server. Tokens rise all the same.
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('pass' as const),
      ms: fc.constantFrom(0, 1, 99, 100, 450, 3_000, 15_000, -2_000, -3_600_000),
      wallMs: fc.integer({ min: -5_000, max: 5_000 }),
    }),
  },
)

interface Taken {
  readonly operation: Operation
  readonly before: Line
  readonly step: LineStep<ClaimState | 'left' | 'gone' | 'evicted'>
  readonly now: Moment
}

/** Runs the operations one after the other on one line and looks at each step. */
function run(operations: readonly Operation[], capacity: number, look: (taken: Taken) => void): void {
  let line: Line = emptyLine
  let nowMs = 10_000_000
  let wallMs = 1_767_225_600_000
  for (const operation of operations) {
    if (operation.kind === 'pass') {
      nowMs += operation.ms
      wallMs += operation.wallMs
      continue
    }
    const now = { nowMs, tokenScaleUs: BigInt(wallMs) * 1000n }
    const step = carryOut(line, operation, capacity, now)
    look({ operation, before: line, step, now })
    line = step.line
  }
}

function carryOut(
  line: Line,
  operation: Exclude<Operation, { kind: 'pass' }>,
  capacity: number,
  now: Moment,
): Taken['step'] {
  const known = line.claims.find((claim) => claim.id === operation.id)
  const right = tokenOf(known)
  if (operation.kind === 'evict') return evictFromLine(line, right ?? 1n, 'made room', now)
  if (operation.kind === 'enter') {
    const claim: Claim = {
      ...operation,
      weight: Math.min(operation.weight, capacity),
      resource: 'n!r',
      capacity,
      note: '',
      owner: '',
    }
    return enterLine(line, claim, 'here', now)
  }
  const named = operation.token === 'none' ? undefined : operation.token === 'wrong' ? (right ?? 5n) + 1n : right
  const ref = { resource: 'n!r', id: operation.id, ...(named === undefined ? {} : { token: named }) }
  return operation.kind === 'renew'
    ? renewInLine(line, ref, operation.ttlMs, undefined, now)
    : leaveLine(line, ref, operation.keepMs, now)
}

function tokenOf(claim: LineClaim | undefined): bigint | undefined {
  return claim === undefined || claim.state === 'waiting' ? undefined : claim.token
}

function always(look: () => (taken: Taken, capacity: number) => void): void {
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 60, size: 'max' }),
      fc.integer({ min: 1, max: 4 }),
      (operations, capacity) => {
        const fresh = look()
        run(operations, capacity, (taken) => fresh(taken, capacity))
      },
    ),
    { numRuns: 1_500 },
  )
}

test('the states of a line are what the rule says', () => {
  let claimsSeen = 0
  always(() => ({ step }) => {
    const states = holding(step.line.claims)
    step.line.claims.forEach((claim, index) => {
      claimsSeen += 1
      expect(states[index]).toBe(claim.state !== 'waiting')
    })
  })
  expect(claimsSeen).toBeGreaterThan(50_000)
})

test('what holds and what lingers never weighs more than the capacity', () => {
  always(() => ({ step }, capacity) => {
    const counted = step.line.claims.filter((claim) => claim.state !== 'waiting')
    expect(counted.reduce((sum, claim) => sum + claim.weight, 0)).toBeLessThanOrEqual(capacity)
  })
})

test('an id stands in the line at most once', () => {
  always(() => ({ step }) => {
    expect(new Set(step.line.claims.map((claim) => claim.id)).size).toBe(step.line.claims.length)
  })
})

test('tokens rise strictly in the order of the grants, even when the wall clock is set back', () => {
  let grants = 0
  always(() => {
    let highest = 0n
    return ({ before, step }) => {
      const known = new Set(before.claims.map((claim) => tokenOf(claim)))
      for (const claim of step.line.claims) {
        const token = tokenOf(claim)
        if (token === undefined || known.has(token)) continue
        grants += 1
        expect(token).toBeGreaterThan(highest)
        highest = token
      }
      expect(step.line.lastToken).toBe(highest)
    }
  })
  expect(grants).toBeGreaterThan(5_000)
})

test('a token belongs to one claim, does not change while it lives, and nothing that ended is revived', () => {
  always(() => {
    const owners = new Map<bigint, string>()
    const ended = new Set<bigint>()
    return ({ before, step }) => {
      const held = new Set<bigint>()
      for (const claim of step.line.claims) {
        const token = tokenOf(claim)
        if (token === undefined) continue
        expect(owners.get(token) ?? claim.id).toBe(claim.id)
        owners.set(token, claim.id)
        if (claim.state !== 'held') continue
        held.add(token)
        expect(ended.has(token)).toBe(false)
      }
      for (const claim of before.claims) if (claim.state === 'held' && !held.has(claim.token)) ended.add(claim.token)
    }
  })
})

test('claims keep their order, newcomers stand at the end, and nobody is granted past somebody who waits', () => {
  always(() => ({ before, step, now }) => {
    // An id whose claim had ended may come back, as a newcomer.
    const order = new Map(sweep(before, now).claims.map((claim, index) => [claim.id, index]))
    const survivors = step.line.claims.filter((claim) => order.has(claim.id))
    const places = survivors.map((claim) => order.get(claim.id) ?? 0)
    expect(places).toEqual(places.toSorted((one, other) => one - other))
    const newcomers = step.line.claims.filter((claim) => !order.has(claim.id))
    expect(newcomers).toEqual(step.line.claims.slice(survivors.length))
    expect(newcomers.length).toBeLessThanOrEqual(1)
    const firstWaiter = step.line.claims.findIndex((claim) => claim.state === 'waiting')
    if (firstWaiter >= 0)
      expect(step.line.claims.slice(firstWaiter).every((claim) => claim.state === 'waiting')).toBe(true)
  })
})

test('everybody whose turn came by a step of somebody else is told, and so is the new head', () => {
  always(() => ({ before, step, operation }) => {
    const asker = operation.kind === 'pass' ? undefined : operation.id
    const told = new Set(step.notify.map((claim) => claim.id))
    const waited = new Set(before.claims.filter((claim) => claim.state === 'waiting').map((claim) => claim.id))
    for (const claim of step.line.claims) {
      if (claim.state === 'held' && waited.has(claim.id) && claim.id !== asker) expect(told.has(claim.id)).toBe(true)
    }
    const head = (line: Line) => line.claims.find((claim) => claim.state === 'waiting')?.id
    const after = head(step.line)
    if (after !== undefined && after !== head(before) && after !== asker) expect(told.has(after)).toBe(true)
    if (step.line === before) expect(step.notify).toEqual([])
  })
})

test('the answer is where the claim stands in the new line, and looking changes nothing', () => {
  always(() => ({ step, operation, now }) => {
    const { answer } = step
    if (operation.kind !== 'enter' || typeof answer === 'string' || answer.kind === 'refused') return
    expect(claimStateOf(step.line, operation.id, now)).toEqual(answer)
    expect(sweep(step.line, now)).toBe(step.line)
  })
})

test('no more is left of a claim than the life its record allows, whatever the clock did before', () => {
  let cut = 0
  always(() => {
    const kept = new Map<string, number>()
    return ({ before, step, operation, now }) => {
      if (operation.kind === 'leave') kept.set(operation.id, operation.keepMs)
      for (const claim of step.line.claims) {
        const leftMs = claim.endsAtMs - now.nowMs
        const delayMs = Math.max(claim.lockDelayMs, kept.get(claim.id) ?? 0)
        if (claim.state === 'held') expect(leftMs).toBeLessThanOrEqual(claim.ttlMs)
        if (claim.state === 'waiting') expect(leftMs).toBeLessThanOrEqual(Math.max(claim.ttlMs, PROVISIONAL_LIFE_MS))
        if (claim.state === 'lingering' && claim.weight > 0) expect(leftMs).toBeLessThanOrEqual(delayMs)
        if (claim.state === 'lingering') expect(leftMs).toBeLessThanOrEqual(Math.max(claim.ttlMs, delayMs))
      }
      cut += before.claims.filter((claim) => claim.endsAtMs - now.nowMs > 3_000_000).length
    }
  })
  expect(cut).toBeGreaterThan(100)
})

test('a wrong token changes nothing but what had ended anyway', () => {
  always(() => ({ before, step, operation, now }) => {
    if ((operation.kind !== 'leave' && operation.kind !== 'renew') || operation.token !== 'wrong') return
    expect(typeof step.answer === 'string' ? step.answer : step.answer.kind).toBe('gone')
    const idle = leaveLine(before, { resource: 'n!r', id: 'nobody' }, 0, now)
    expect(step.line).toEqual(idle.line)
  })
})
