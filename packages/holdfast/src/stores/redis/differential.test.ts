/**
 * The Lua and the pure transition of core, side by side on the same random operations and the same moments: every
 * answer, every token, everybody who is told and the whole line must be equal. The scripts run with a clock that the
 * test sets.
 */
import fc from 'fast-check'
import { afterAll, beforeEach, expect, test } from 'vitest'
import * as server from '../../../../lab/src/engines/redis/server.ts'
import { requireEngine } from '../../../../lab/src/engines/require-engine.ts'
import { Stage } from './redis.fixture.ts'
import { TimedServer } from './timed-server.fixture.ts'
import { type Operation, Twins } from './twins.fixture.ts'

/** Some come often, so that most of what is asked is about a claim that is there. */
const id = fc.constantFrom(...'aaabbbccdde'.split('')).map((letter) => letter.repeat(32))
/** Mostly one line, so that it gets crowded. */
const line = fc.constantFrom(0 as const, 0 as const, 0 as const, 1 as const)
const ttlMs = fc.constantFrom(100, 1_000, 5_000, 20_000)
const token = fc.constantFrom('none' as const, 'right' as const, 'right' as const, 'right' as const, 'wrong' as const)
const note = fc.constantFrom(undefined, undefined, '', 'news | "of" the day')

const enter = fc.record({
  kind: fc.constant('enter' as const),
  line,
  id,
  weight: fc.nat(4),
  otherCapacity: fc.nat(7).map((drawn) => drawn === 0),
  ttlMs,
  lockDelayMs: fc.constantFrom(0, 0, 700),
  queue: fc.constantFrom(true, true, true, false),
})
const renew = fc.record({
  kind: fc.constant('renew' as const),
  batch: fc.array(fc.record({ line, id, ttlMs, token, note }), { minLength: 1, maxLength: 4 }),
})
const leave = fc.record({ kind: fc.constant('leave' as const), line, id, keepMs: fc.constantFrom(0, 0, 900), token })
const evict = fc.record({
  kind: fc.constant('evict' as const),
  line,
  id,
  token: fc.constantFrom('right' as const, 'right' as const, 'wrong' as const),
})
const observe = fc.record({ kind: fc.constant('observe' as const), line })
/** The wall clock of a server may be set back. */
const pass = fc.record({
  kind: fc.constant('pass' as const),
  ms: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(1, 99, 100, 450) },
    { weight: 4, arbitrary: fc.constantFrom(3_000, 15_000, -450) },
    { weight: 1, arbitrary: fc.constant(50_000) },
  ),
})
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 16, arbitrary: enter },
  { weight: 4, arbitrary: renew },
  { weight: 6, arbitrary: leave },
  { weight: 3, arbitrary: evict },
  { weight: 2, arbitrary: observe },
  { weight: 5, arbitrary: pass },
)

const entering = { kind: 'enter', line: 0, weight: 1, otherCapacity: false, lockDelayMs: 0, queue: true } as const

/** Chance seldom leaves a dead waiter between two living ones. */
const deadInTheMiddle: readonly Operation[] = [
  { ...entering, id: 'a', ttlMs: 20_000 },
  { ...entering, id: 'b', ttlMs: 20_000 },
  { ...entering, id: 'c', ttlMs: 100 },
  { kind: 'pass', ms: 3_000 },
  { ...entering, id: 'd', ttlMs: 20_000 },
  { kind: 'leave', line: 0, id: 'a', keepMs: 0, token: 'right' },
]

/** Each happens at least so often, or the run proves nothing about it. Usual are four times as many and more. */
const SEEN_MIN: Readonly<Record<string, number>> = {
  held: 400,
  queued: 180,
  left: 40,
  evicted: 15,
  gone: 400,
  'a lock-delay began': 8,
  'an observer was told': 180,
  'both lines in one batch': 60,
  'gone, and why': 15,
  'held for a moment': 8,
  lingering: 150,
  observed: 40,
  'observed again': 30,
  'refused, busy': 40,
  'refused, capacity': 60,
  'several in one batch': 120,
  'something was over': 80,
  'taken alone': 80,
  'taken alone, observed': 20,
  'the clock was set back': 15,
  'told gone': 15,
  'told head': 5,
  'told held': 20,
  'two capacities': 10,
  'without weight': 130,
}

const stage = new Stage()
let timed: TimedServer

beforeEach(async (context) => {
  await requireEngine(context, server)
  timed = await TimedServer.start(stage)
})
afterAll(() => stage[Symbol.asyncDispose]())

test(
  'random operations get the answers, tell those and leave the line that the transition of core says',
  { timeout: 120_000 },
  async () => {
    const seen = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 20, maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        async (operations, capacity) => {
          const twins = new Twins(timed, capacity, seen)
          for (const each of operations) await twins.carryOut(each)
        },
      ),
      { numRuns: 200, examples: [[[...deadInTheMiddle], 1]] },
    )
    const rare = Object.entries(SEEN_MIN).filter(([what, least]) => (seen.get(what) ?? 0) < least)
    expect(rare.map(([what]) => [what, seen.get(what) ?? 0])).toEqual([])
  },
)
